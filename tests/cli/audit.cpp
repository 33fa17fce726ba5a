// The audit of a trained model as a user runs it. Its numbers are compared with an independent evaluation in
// tests/verify/audit/model_audit.cpp; here the whole command is.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"
#include "trained_model.hpp"

namespace {

const std::string trained_audit = "audit " + trained_model;

}  // namespace

TEST_CASE("the audit's own identities hold in its JSON") {
  const Outcome outcome = run(trained_audit + " --context 128 --format json");
  REQUIRE(outcome.exit_code == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK(json.at("schema") == 1);
  CHECK(json.at("T") == "128");
  CHECK(json.at("prompt").at("length") == 8);
  CHECK(json.at("layers").size() == 3);
  double product = 0;
  for (const auto& layer : json.at("layers")) {
    CHECK(layer.at("heads").size() == 4);
    double c = 0;
    for (const auto& head : layer.at("heads")) {
      const double B =
          std::max({upper(head["prompt"]["query"]["entry"]), upper(head["prompt"]["key"]["entry"]),
                    upper(head["prompt"]["value"]["entry"])});
      CHECK(upper(head["prompt"]["B"]) == doctest::Approx(B).epsilon(1e-12));
      CHECK(upper(head["prompt"]["ratio"]) == doctest::Approx(B / std::sqrt(std::log(128.0))).epsilon(1e-12));
      // A prompt token is a token.
      CHECK(lower(head["prompt"]["B"]) <= upper(head["any"]["B"]));
      CHECK(upper(head["prompt"]["query"]["entry"]) <= upper(head["prompt"]["query"]["norm"]));
      CHECK(std::stol(head["prompt"]["polynomial"]["degree"]["exact"].get<std::string>()) <=
            std::stol(head["any"]["polynomial"]["degree"]["exact"].get<std::string>()));
      const double R = upper(layer["R_attention"]);
      const double kappa = upper(head["A"]) * R * R;
      c += upper(head["V"]) * (kappa + std::sqrt(1 + kappa * kappa));
    }
    CHECK(upper(layer["c"]) >= c);  // biases add to it
    CHECK(upper(layer["c"]) <= 1.1 * c);
    product += std::log(1 + upper(layer["c"]) * upper(layer["norm_1"])) +
               std::log(1 + upper(layer["g"]) * upper(layer["norm_2"]));
  }
  CHECK(std::log(upper(json["lipschitz"])) > product);
  for (const auto& bound : json.at("bounds")) CHECK(bound.at("applicable") == true);
  bool has_length = false;
  for (const auto& row : json.at("theorems")) {
    if (row.at("what") == "accessible length") {
      // 8 tokens of 64 entries of 32 bits over 96 symbols: floor(16384/log2 96).
      CHECK(row["value"]["exact"] == std::to_string(static_cast<long>(16384 / std::log2(96.0))));
      has_length = true;
    }
    if (row.at("theory") == "2.6") CHECK(row.at("applies") == false);
  }
  CHECK(has_length);
}

TEST_CASE("text - LaTeX and CSV hold a row per head - a model needs no prompt") {
  const Outcome text = run(trained_audit);
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("does not apply") != std::string::npos);
  const Outcome latex = run(trained_audit + " --format latex");
  CHECK(latex.out.find("\\toprule") != std::string::npos);
  CHECK(latex.out.find("max $|$Q$|$") != std::string::npos);
  CHECK(run(trained_audit + " --format csv").exit_code == 0);
  const Outcome alone = run("audit --model " + models + "/tiny-gpt2");
  CHECK(alone.exit_code == 0);
  CHECK(alone.out.find("on the prompt's own tokens") == std::string::npos);
}

TEST_CASE("a prompt for another model - damaged weights and a context out of range are refused") {
  check_refused("audit --model /nonexistent", "no such folder");
  check_refused("audit --model " + models + "/tiny-gpt2 --prompt " + models + "/tiny-gpt2",
                "adapter_config.json");
  check_refused(trained_audit + " --context 193", "--context: 193 (accepted: 9 to 192");
  check_refused(trained_audit + " --context 8", "accepted: 9 to 192");
  check_refused(trained_audit + " --context many", "--context");
  check_refused(trained_audit + " --eps 0", "--eps");

  const TemporaryFolder folder;
  std::filesystem::copy(models + "/tiny-gpt2", folder.file("model"));
  std::filesystem::copy(models + "/tiny-gpt2-prompt", folder.file("prompt"));
  std::filesystem::permissions(folder.file("model"), std::filesystem::perms::owner_all);
  std::filesystem::permissions(folder.file("prompt"), std::filesystem::perms::owner_all);
  const std::string here = "audit --model " + folder.file("model") + " --prompt " + folder.file("prompt");
  const auto replace = [&](const std::string& path, const std::string& content) {
    std::filesystem::remove(folder.file(path));
    write_file(folder.file(path), content);
  };
  CHECK(run(here).exit_code == 0);
  const std::string adapter = read_file(folder.file("prompt/adapter_config.json"));
  std::string other = adapter;
  other.replace(other.find("\"num_layers\": 3"), 15, "\"num_layers\": 4");
  replace("prompt/adapter_config.json", other);
  check_refused(here, "made for another model: num_layers is 4, and the model's is 3");
  replace("prompt/adapter_config.json", adapter);
  const std::string weights = read_file(folder.file("model/model.safetensors"));
  replace("model/model.safetensors", weights.substr(0, weights.size() - 4));
  check_refused(here, "ends at byte");
  std::string changed = weights;
  changed.replace(changed.size() - 4, 4, std::string("\x00\x00\xc0\x7f", 4));
  replace("model/model.safetensors", changed);
  check_refused(here, "is NaN");
  changed = weights;
  changed[7] = '\x10';  // a header of 2^60 bytes
  replace("model/model.safetensors", changed);
  check_refused(here, "not a safetensors file");
}

TEST_CASE("an audit begins with sentences whose numbers are those of its rows") {
  const std::string text = run(trained_audit).out;
  CHECK_MESSAGE(text.starts_with(
                    "The 8 tokens of this prompt store 16384 bits: however it was trained, it cannot choose "
                    "freely among all texts of more than 2488 tokens (2.7).\n"),
                text.substr(0, 300));
  CHECK(text.find("it holds at most 49480 bits (2.5): no more is said by this than by what it stores.") !=
        std::string::npos);
  CHECK(text.find("by at most 7.095e+27 r, for any input and prompt (3.1).") != std::string::npos);
}

TEST_CASE("an audit goes on from its checkpoint and says so - the file goes with the answer") {
  const TemporaryFolder folder;
  const std::string checkpoint = folder.file("audit.json"), half = folder.file("half.json");
  const std::string resumable = trained_audit + " --context 128 --checkpoint " + checkpoint;
  const Outcome whole = run(trained_audit + " --context 128 --format json");
  const Outcome first = run(resumable + " --format json");
  CHECK(first.out == whole.out);
  CHECK_FALSE(std::filesystem::exists(checkpoint));
  // An answer that finds no room leaves what was computed; one that has no place is refused at once.
  CHECK(run(resumable + " -o " + folder.file("missing/answer")).exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(checkpoint));
  CHECK(run(resumable + " -o /dev/full").exit_code == 2);
  REQUIRE(std::filesystem::exists(checkpoint));
  auto kept = nlohmann::json::parse(read_file(checkpoint));
  CHECK(kept["kind"] == "audit-checkpoint");
  CHECK(kept["layers"].size() == 3);
  std::filesystem::copy_file(checkpoint, half);
  const Outcome resumed = run(resumable + " --format json");
  CHECK(resumed.err == "promptbound: going on after 3 of 3 layers, whose norms " + checkpoint + " says\n");
  auto answer = nlohmann::json::parse(resumed.out), expected = nlohmann::json::parse(whole.out);
  REQUIRE(answer["assumptions"].size() == expected["assumptions"].size() + 1);
  CHECK(answer["assumptions"].back()["text"] ==
        checkpoint + " says the norms of 3 of the layers as this version computes them");
  CHECK(answer["layers"] == expected["layers"]);
  CHECK(answer["lipschitz"] == expected["lipschitz"]);
  CHECK_FALSE(std::filesystem::exists(checkpoint));

  kept["layers"]["0"]["c"] = {"0x1p+0", "0x1p+0"};
  write_file(checkpoint, kept.dump());
  check_one_line_refusal(resumable, checkpoint + ": not a checkpoint of an audit, or a damaged one");
  CHECK(read_file(checkpoint) == kept.dump());
  check_one_line_refusal(trained_audit + " --assume-inert member --checkpoint " + half,
                         half + ": a checkpoint of another model or version");
  check_one_line_refusal(resumable + " --config-only", "--checkpoint");
  check_one_line_refusal(trained_audit + " --checkpoint " + folder.file("missing/file"), "missing/file");
}
