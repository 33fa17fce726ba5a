// The hashes of input files in certificates, and their comparison with files.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

#include "models/files.hpp"
#include "verify/mutate.hpp"

using namespace promptbound;

namespace {

const std::string model_text =
    R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[0]],"W_K":[["1/2"]],"W_V":[[2]],"W_O":[["0.5"]]}]}]})";
// Two tokens of mean 3 fit.
const std::string data_text =
    R"({"schema":1,"examples":[{"tokens":[[1],[-1]],"query":0,"target":["5/2"]},{"tokens":[[1]],"query":0,"target":["10/3"]}]})";

/// A certificate that names two files.
Json certificate_with_inputs() {
  const Transformer<Rational> model = model_from(parse_json(model_text, "model"), "model");
  const MemorizationData data = memorization_data_from(parse_json(data_text, "data"), 1, "data");
  const MemorizationAnswer answer = memorize(model, data, 0);
  REQUIRE(answer.verdict == Verdict::proved);
  Json certificate = parse_json(answer.certificate, "certificate");
  const TemporaryFolder folder;
  name_inputs(certificate, {{"model", folder.write("model.json", model_text)},
                            {"data", folder.write("data.json", data_text)}});
  return certificate;
}

CheckReport compared(const Json& certificate, const std::vector<GivenInput>& inputs) {
  return check_certificate(certificate.dump(), "certificate", {}, inputs);
}

/// Rejected with the reason, where the file has this content and the certificate names its hash.
void check_content_rejected(Json certificate, const std::string& role, const std::string& content,
                            const std::string& reason) {
  certificate["inputs"][role] = sha256(content);
  seal(certificate);
  const CheckReport report = compared(certificate, {{role, "file.json", content}});
  CHECK_FALSE(report.accepted());
  CHECK_MESSAGE(report.why.find(reason) != std::string::npos, report.why);
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

}  // namespace

TEST_CASE("the hashes are those of the files' bytes and no change of them passes") {
  Json certificate = certificate_with_inputs();
  CHECK(certificate["inputs"]["model"] == sha256(model_text));
  CHECK(certificate["inputs"]["data"] == sha256(data_text));
  CHECK(check_memorization(certificate).accepted());
  mutate(certificate, certificate, [&] { CHECK_FALSE(check_memorization(certificate).accepted()); });

  check_forgery(
      check_memorization, certificate, [](Json& c) { c["inputs"] = 7; }, "inputs");
  check_forgery(
      check_memorization, certificate, [](Json& c) { c["inputs"]["model"] = "ab"; }, "inputs");
  check_forgery(
      check_memorization, certificate, [](Json& c) { c["inputs"]["model"] = nullptr; }, "inputs");
  check_forgery(
      check_memorization, certificate,
      [](Json& c) {
        std::string& digest = c["inputs"]["model"].get_ref<std::string&>();
        for (char& digit : digest) digit = static_cast<char>(std::toupper(digit));
      },
      "inputs");
  check_forgery(
      check_memorization, certificate, [](Json& c) { c["inputs"]["table"] = c["inputs"]["data"]; }, "inputs");
}

TEST_CASE("files given have the hashes named and hold what the certificate holds") {
  const Json certificate = certificate_with_inputs();
  const GivenInput model{"model", "model.json", model_text}, data{"data", "data.json", data_text};
  const CheckReport both = compared(certificate, {model, data});
  CHECK(both.why == "");
  CHECK(both.accepted());
  CHECK(both.trusted.find("in question") == std::string::npos);
  CHECK(both.inputs.find("not compared") == std::string::npos);
  const CheckReport one = compared(certificate, {model});
  CHECK(one.accepted());
  CHECK(one.trusted.find("its data is the one in question") != std::string::npos);
  CHECK(one.trusted.find("its model is the one in question") == std::string::npos);

  // Another hash, sealed again: accepted alone, rejected beside the file.
  Json other = certificate;
  other["inputs"]["model"] = sha256("another file");
  seal(other);
  CHECK(compared(other, {}).accepted());
  CHECK(compared(other, {model}).why.find("its SHA-256 differs") != std::string::npos);

  // The hash of a file whose content is not the certificate's: the word of a forger.
  const std::string no_model = "holds another model", no_data = "holds another data";
  check_content_rejected(certificate, "model", changed(model_text, "[[2]]", "[[3]]"), no_model);
  check_content_rejected(certificate, "model", changed(model_text, "[[0]]", "[[1]]"), no_model);
  check_content_rejected(certificate, "model", changed(model_text, R"([["1/2"]])", R"([["1/3"]])"), no_model);
  check_content_rejected(certificate, "model", changed(model_text, R"([["0.5"]])", R"([["0.25"]])"),
                         no_model);
  check_content_rejected(certificate, "model", changed(model_text, "\"d\":1", "\"d\":1,\"causal\":true"),
                         no_model);
  check_content_rejected(
      certificate, "model",
      changed(model_text, "}]}]}", R"(}],"ffn":{"W_1":[[1]],"b_1":[0],"W_2":[[1]],"b_2":[0]}}]})"), no_model);
  check_content_rejected(certificate, "model", changed(model_text, "}]}]}", "}]},{\"heads\":[]}]}"),
                         no_model);
  check_content_rejected(certificate, "data", changed(data_text, R"("10/3")", R"("11/3")"), no_data);
  check_content_rejected(certificate, "data", changed(data_text, "[-1]", "[-2]"), no_data);
  check_content_rejected(certificate, "data", changed(data_text, "\"query\":0", "\"query\":1"), no_data);
  check_content_rejected(certificate, "data", R"({"schema":1,"examples":[]})", no_data);
  check_content_rejected(certificate, "data", "{", "not JSON");
  check_content_rejected(certificate, "data",
                         changed(data_text, "{\"schema\":1", "{\"schema\":1,\"schema\":1"), "occurs twice");
  CHECK(compared(certificate, {{"table", "table.json", "{}"}}).why.starts_with("table: "));

  // Other bytes of the same numbers are another file, but what it holds is the same.
  const std::string spelled = changed(model_text, R"("0.5")", R"("1/2")");
  CHECK(compared(certificate, {{"model", "m.json", spelled}}).why.find("differs") != std::string::npos);
  Json silent = certificate;
  silent.erase("inputs");
  seal(silent);
  const CheckReport by_content = compared(silent, {{"model", "m.json", spelled}});
  CHECK(by_content.accepted());
  CHECK(by_content.inputs.find("model named by no hash, the same as in m.json") != std::string::npos);
  CHECK_FALSE(compared(silent, {{"model", "m.safetensors", spelled}}).accepted());
}

TEST_CASE("limits end a check without a verdict") {
  Json certificate = certificate_with_inputs();
  const auto bits = certificate["bits"].get<long>();
  CheckLimits limits;
  limits.bits = bits - 1;
  const CheckReport stopped = check_certificate(certificate.dump(), "certificate", limits);
  CHECK(stopped.verdict == Verdict::unknown);
  CHECK_FALSE(stopped.accepted());
  CHECK(std::string(verdict_name(stopped)) == "unknown");
  limits.bits = bits;
  limits.seconds = 100000;
  CHECK(check_certificate(certificate.dump(), "certificate", limits).accepted());
  certificate["bits"] = "1000000000000000000000000000000000000000";
  seal(certificate);
  CHECK(check_memorization(certificate).verdict == Verdict::unknown);
  certificate["bits"] = 63;
  seal(certificate);
  const CheckReport low = check_memorization(certificate);
  CHECK_FALSE(low.verdict == Verdict::unknown);
  CHECK(low.why.starts_with("bits"));
}
