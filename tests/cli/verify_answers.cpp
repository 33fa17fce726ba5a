// What verify may print: no bound and no verdict that it does not know, whatever its files say or its disk
// holds.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include <promptbound/records/sha256.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

std::string data_file(const std::string& name) {
  return (std::filesystem::path(__FILE__).parent_path() / "data" / name).string();
}

/// A constant error of 10.
constexpr const char* ten =
    R"({"schema":1,"d":1,"layers":[{"heads":[],"ffn":{"W_1":[[0]],"b_1":[0],"W_2":[[0]],"b_2":[10]}}],"input_offsets":[[0]]})";

/// An error of 10, up to 1e-9, whose bounds overflow in binary64.
constexpr const char* overflowing =
    R"({"schema":1,"d":3,"causal":false,"layers":[{"heads":[],"ffn":{"W_1":[[1,0,0]],"b_1":["-1/2"],"W_2":[[0],[100000],[0]],"b_2":[10,-25000,0]}},
    {"heads":[{"W_Q":[[0,1,0]],"W_K":[[0,0,1]],"W_V":[[0,0,"1/1000000000"],[0,0,0],[0,0,0]]}]}],"input_offsets":[[0,0,0]],"data_width":1,"prompt":[[0,0,1],[0,0,-1]]})";

}  // namespace

TEST_CASE(
    "verify: a witness above eps refutes where no finite bound is found - unknown says why - without an "
    "end") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), certificate = folder.file("certificate.json");
  REQUIRE(run("construct selective-shift --d 1 --L 2 --k 2 --target reversal -o " + model).exit_code == 0);
  const std::string verify = "verify " + model + " --target reversal --eps ";
  const Outcome refuted = run(verify + "1/3 --format json --certificate " + certificate);
  CHECK(refuted.exit_code == 1);
  const json answer = json::parse(refuted.out);
  CHECK(answer["verdict"] == "refuted");
  CHECK(lower(answer["supremum"]) > 1 / 3.0);
  // The supremum is at least 0.7499.
  CHECK((answer["supremum"]["upper"].is_null() || upper(answer["supremum"]) >= 0.7499));
  CHECK(run("check " + certificate).exit_code == 0);

  const std::string open = verify + "9/10 --boxes 20";
  const json unknown = json::parse(run(open + " --format json").out);
  CHECK(unknown["verdict"] == "unknown");
  CHECK(unknown["supremum"]["upper"].is_null());
  CHECK(unknown["why"] == "no finite bound was found: the budget of boxes is used up");
  const Outcome text = run(open);
  CHECK(text.exit_code == 3);
  CHECK(text.out.find("unknown: no finite bound was found: the budget of boxes is used up") !=
        std::string::npos);
  CHECK(text.out.find("at most                no finite bound was found") != std::string::npos);
}

TEST_CASE("verify: powers out of range leave the error what it is for the supremum and the integral") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), certificate = folder.file("certificate.json");
  write_file(model, ten);
  const std::string of_alpha = "verify " + model + " --target identity --format json --alpha ";
  const std::string to_file = " --certificate " + certificate;
  for (const std::string alpha : {"2", "1e19", "1e300"}) {
    CAPTURE(alpha);
    const std::string verify = of_alpha + alpha + " --eps ", of_9 = verify + "9", of_11 = verify + "11";
    for (const std::string integral : {"", " --integral"}) {
      const Outcome proved = run(of_11 + integral);
      CHECK(proved.exit_code == 0);
      const json answer = json::parse(proved.out);
      const json& ends = answer[integral.empty() ? "supremum" : "d_alpha"];
      CHECK(lower(ends) <= 10);
      CHECK(upper(ends) >= 10);
      CHECK(upper(ends) - lower(ends) < 1e-6);
      CHECK(run(of_9 + integral).exit_code == 1);
    }
    for (const std::string& claim : {of_11, of_9}) {
      CHECK(run(claim + to_file).exit_code == (claim == of_11 ? 0 : 1));
      const Outcome check = run("check " + certificate);
      CHECK_MESSAGE(check.exit_code == 0, check.out);
    }
  }
  write_file(model, overflowing);
  const Outcome open =
      run("verify " + model + " --target identity --alpha 2 --integral --eps 11 --format json");
  const json answer = json::parse(open.out);
  CHECK(open.exit_code != 1);
  CHECK(lower(answer["d_alpha"]) < 10.1);
  if (answer["verdict"] == "unknown") {
    CHECK(answer["d_alpha"]["upper"].is_null());
    CHECK_FALSE(answer["why"].get<std::string>().empty());
  }
  CHECK(run("verify " + model + " --target identity --alpha 2 --integral --eps 11").out.find("inf") ==
        std::string::npos);
}

TEST_CASE("verify: a forged checkpoint decides nothing") {
  const TemporaryFolder folder;
  const std::string model = data_file("reversal.json"), checkpoint = folder.file("checkpoint.json");
  // Sealed, of this problem, and false: it says that no box has an error above 1/1024.
  std::filesystem::copy_file(data_file("forged_checkpoint.json"), checkpoint);
  const Outcome forged =
      run("verify " + model + " --target reversal --eps 7/100 --format json --checkpoint " + checkpoint);
  CHECK(forged.exit_code == 1);
  const json answer = json::parse(forged.out);
  CHECK(answer["verdict"] == "refuted");
  CHECK(lower(answer["supremum"]) > 0.07);
  CHECK((answer["supremum"]["upper"].is_null() || upper(answer["supremum"]) > 0.083));

  // The same of a claim that holds: the bounds are those of the model.
  const std::string verify = "verify " + model + " --target reversal --eps 1/10 --checkpoint " + checkpoint;
  REQUIRE(run(verify + " --boxes 100").exit_code == 3);
  json file = json::parse(read_file(checkpoint));
  file.update({{"tree", "."}, {"settled", "1/1024"}, {"waiting", json::array()}, {"lower", "0"}});
  file.erase("sha256");
  file["sha256"] = promptbound::sha256(file.dump());
  write_file(checkpoint, file.dump());
  const json proved = json::parse(run(verify + " --format json").out);
  CHECK(proved["verdict"] == "proved");
  CHECK(upper(proved["supremum"]) > 0.083);
  CHECK(lower(proved["supremum"]) > 0.083);
}

TEST_CASE("verify: a full disk loses neither the search nor half an answer") {
  const TemporaryFolder folder;
  const std::string checkpoint = folder.file("checkpoint.json"),
                    certificate = folder.file("certificate.json");
  const std::string verify = "verify " + data_file("reversal.json") +
                             " --quiet --target reversal --eps 1/10 --checkpoint " + checkpoint +
                             " --certificate ";
  REQUIRE(run(verify + certificate + " --boxes 100").exit_code == 3);
  const std::string kept = read_file(checkpoint);
  check_one_line_refusal(verify + certificate + " -o /dev/full", "/dev/full");
  const Outcome unread = run(verify + certificate + " > /dev/full");
  CHECK(unread.exit_code == 4);
  CHECK_MESSAGE(unread.err.find("cannot write standard output") != std::string::npos, unread.err);
  CHECK_FALSE(std::filesystem::exists(certificate));
  check_one_line_refusal(verify + "/dev/full", "/dev/full");
  check_one_line_refusal(verify + folder.file("missing/certificate.json"), "missing");
  CHECK(read_file(checkpoint) == kept);
  CHECK(run(verify + certificate).exit_code == 0);
  CHECK(run("check " + certificate).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(checkpoint));
}

TEST_CASE("verify: what cannot be written is refused before the search") {
  const TemporaryFolder folder;
  const std::string checkpoint = folder.file("checkpoint.json"), missing = folder.file("missing/answer");
  const std::string verify =
      "verify " + data_file("reversal.json") + " --target reversal --eps 1/10 --checkpoint " + checkpoint;
  REQUIRE(run(verify + " --boxes 100").exit_code == 3);
  const std::string kept = read_file(checkpoint);
  // Where the search begins it says so.
  REQUIRE(run(verify + " --boxes 100").err.find("going on after") != std::string::npos);
  write_file(checkpoint, kept);
  for (const std::string& output : {" -o " + missing, " --certificate " + missing}) {
    const Outcome outcome = run(verify + output);
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(outcome.err.find("cannot write") != std::string::npos, outcome.err);
    CHECK_MESSAGE(outcome.err.find("going on after") == std::string::npos, outcome.err);
    CHECK(read_file(checkpoint) == kept);
  }
  CHECK(run(verify + " --boxes 100 --certificate " + folder.file("certificate.json")).exit_code == 3);
  CHECK_FALSE(std::filesystem::exists(folder.file("certificate.json")));
}

TEST_CASE("verify: a proved claim that is too wide for a certificate keeps its answer") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), certificate = folder.file("certificate.json");
  write_file(model, R"({"schema":1,"d":63,"layers":[]})");
  const Outcome outcome = run("verify " + model + " --L 1 --target identity --eps 1/10 --certificate " +
                              certificate + " --format json");
  CHECK(outcome.exit_code == 0);
  CHECK_MESSAGE(outcome.out.find("\"verdict\": \"proved\"") != std::string::npos, outcome.out);
  CHECK_MESSAGE(outcome.err.find("no certificate is written") != std::string::npos, outcome.err);
  CHECK_FALSE(std::filesystem::exists(certificate));
}

TEST_CASE("verify: a negative or undefined eps is no claim") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), certificate = folder.file("certificate.json");
  write_file(model, ten);
  const std::string verify = "verify " + model + " --target identity --eps ";
  const std::string to_file = " --certificate " + certificate;
  for (const std::string eps : {"-1", "-1/1000000", "nan", "-inf", "inf", "''"}) {
    const std::string claim = verify + eps;
    for (const std::string kind : {"", " --alpha 2 --integral"}) check_one_line_refusal(claim + kind, "eps");
    check_one_line_refusal(claim + to_file, "eps");
    CHECK_FALSE(std::filesystem::exists(certificate));
  }
  CHECK(run(verify + "0").exit_code == 1);
}

TEST_CASE("verify: files that are written differ from each other and from what is read") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), a = folder.file("a.json"),
                    link = folder.file("link.json"), hard = folder.file("hard.json");
  write_file(model, ten);
  std::filesystem::create_symlink("a.json", link);  // what it leads to does not exist yet
  std::filesystem::create_hard_link(model, hard);
  const std::string verify = "verify " + model + " --target identity --eps 11 ";
  const std::string spelt = folder.file("./nowhere/../a.json");
  const char* const twice = "two outputs of this command would be that file";
  const char* const input = "this command reads that file";
  const std::pair<std::string, const char*> cases[] = {
      {"--checkpoint " + a + " --certificate " + a, twice},
      {"-o " + a + " --certificate " + a, twice},
      {"-o " + a + " --checkpoint " + a, twice},
      {"-o " + link + " --certificate " + a, twice},
      {"--checkpoint " + a + " --certificate " + spelt, "cannot write"},
      {"--checkpoint " + model, "not a checkpoint"},
      {"--certificate " + model, input},
      {"-o " + model, input},
      {"--certificate " + hard, input}};
  for (const auto& [files, reason] : cases) {
    check_one_line_refusal(verify + files, reason);
    CHECK(read_file(model) == ten);
    CHECK_FALSE(std::filesystem::exists(a));
  }
  CHECK(run(verify + "-o " + a + " --certificate " + folder.file("b.json")).exit_code == 0);
}
