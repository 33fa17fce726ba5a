// Two members of one name: readers differ in which one they take, so no file of ours or of others may have
// them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/model_config.hpp>

#include "files.hpp"

using namespace promptbound;

namespace {

std::string refusal_of_json(const std::string& text) {
  return refusal_of([&] { (void)parse_json(text, "file"); });
}

}  // namespace

TEST_CASE("a member that occurs twice is refused with its name and place at any depth") {
  CHECK(refusal_of_json(R"({"eps":"1/2","alpha":"inf","eps":"1/3"})") ==
        R"(file: the member "eps" occurs twice)");
  CHECK(refusal_of_json(R"({"a":1,"b":{"c":[],"c":[]}})") == R"(file: b: the member "c" occurs twice)");
  CHECK(refusal_of_json(R"({"layers":[{"heads":[{"W_Q":1}]},{"heads":[{"W_Q":1},{"W_K":2,"W_K":2}]}]})") ==
        R"(file: layers[1].heads[1]: the member "W_K" occurs twice)");
  CHECK(refusal_of_json(R"([1,[2,{"x":{"y":1},"x":{"y":1}}]])") ==
        R"(file: [1][1]: the member "x" occurs twice)");
  // The first object is finished: its members may come again beside it.
  CHECK(refusal_of_json(R"([{"x":{"x":[{"x":1},{"x":2}]}},{"x":1}])") == "");
  CHECK(refusal_of_json(R"({"":1,"":2})") == R"(file: the member "" occurs twice)");
  // Escapes spell the same name.
  CHECK(refusal_of_json(R"({"eps":1,"\u0065ps":2})") == R"(file: the member "eps" occurs twice)");
  // Foreign names are one line of the message.
  CHECK(refusal_of_json(R"({"a\nb":1,"a\nb":2})") == R"(file: the member "a?b" occurs twice)");
}

TEST_CASE("a model folder's config.json is read under the same rule") {
  const TemporaryFolder folder;
  const std::string config = folder.write("config.json", R"({"model_type":"gpt2","n_head":2,"n_head":4})");
  CHECK(refusal_of([&] { (void)read_model_config(config); }) ==
        config + ": the member \"n_head\" occurs twice");
}
