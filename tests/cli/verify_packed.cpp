// verify and check of files of construct packed-lookup.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

/// The network in `file` is proved, and its certificates, in `proof`, are accepted.
void check_network(const std::string& file, const std::string& proof) {
  REQUIRE(run("construct packed-lookup --d 1 --L 2 --eps 2/5 --alpha inf --P 6 --target reversal -o " + file)
              .exit_code == 0);
  const std::string verify = "verify " + file + " --target reversal --eps ";
  const Outcome proved = run(verify + "2/5 --format json --certificate " + proof);
  CHECK_MESSAGE(proved.exit_code == 0, proved.err);
  const json answer = json::parse(proved.out);
  CHECK(answer["verdict"] == "proved");
  CHECK(answer["proof"].dump().find("theory 5.9") != std::string::npos);
  CHECK(upper(answer["supremum"]) <= 0.4);
  CHECK(answer["witness"].size() == 2);
  const Outcome checked = run("check " + proof + " --model " + file);
  CHECK(checked.exit_code == 0);
  CHECK(checked.out.find("every weight is that of theory 5.9") != std::string::npos);
  CHECK(run(verify + "1/50 --certificate " + proof).exit_code == 1);
  CHECK(run("check " + proof).out.find("the error at the witness is above") != std::string::npos);
}

}  // namespace

TEST_CASE("verify recognises the network of theory 5.9 and check accepts its certificate") {
  const TemporaryFolder folder;
  const std::string proof = folder.file("proof.json");
  for (const char* name : {"packed.json", "packed.safetensors"}) {
    check_network(folder.file(name), proof);
  }
  // The claim in the file is not what is read.
  const std::string file = folder.file("packed.json");
  json whole = json::parse(read_file(file));
  whole.erase("claim");
  write_file(file, whole.dump());
  CHECK(run("verify " + file + " --target reversal --eps 2/5").exit_code == 0);
  // A weight apart from the construction: no longer decided by its cells.
  whole["layers"][4]["ffn"]["W_2"][3][0] = "1/3";
  write_file(file, whole.dump());
  const Outcome open = run("verify " + file + " --target reversal --eps 2/5 --boxes 1");
  CHECK(open.exit_code == 3);
  CHECK(open.out.find("theory 5.9") == std::string::npos);
}
