#include <doctest/doctest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/numeric/error.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// Two layers, one with an output map and no feed-forward block; entries that are binary64 and that are not.
Instance sample() {
  RandomNumbers random(271);
  Instance instance;
  instance.model.width = 3;
  instance.model.mask = Mask::causal;
  const FeedForward<Rational> ffn{random.matrix(5, 3), random.matrix(5, 1), random.matrix(3, 5),
                                  random.matrix(3, 1)};
  const AttentionHead<Rational> plain{random.matrix(2, 3), random.matrix(2, 3), random.matrix(3, 3),
                                      std::nullopt};
  const AttentionHead<Rational> mapped{random.matrix(1, 3), random.matrix(1, 3), random.matrix(2, 3),
                                       random.matrix(3, 2)};
  instance.model.layers = {{{plain, mapped}, std::nullopt}, {{}, ffn}, {{mapped}, ffn}};
  Matrix<Rational>& W = instance.model.layers[0].heads[0].W_Q;
  W(0, 0) = Rational(3, 4);
  W(0, 1) = Rational(Integer("1" + std::string(400, '0')));               // beyond binary64
  W(1, 2) = -Rational(Integer(1), Integer("1" + std::string(400, '0')));  // below its least number
  instance.prompt = random.matrix(3, 4);
  instance.input_offsets = random.matrix(3, 2);
  instance.data_width = 2;
  return instance;
}

TensorFile parsed(const std::string& text) {
  return parse_safetensors(std::as_bytes(std::span(text.data(), text.size())), "file");
}

/// The same bytes with one text replaced by another of equal length.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

}  // namespace

TEST_CASE("an instance is read back from safetensors without loss whatever its entries") {
  const Instance instance = sample();
  const std::string text = instance_safetensors(instance, {{"note", "kept"}});
  const TensorFile file = parsed(text);
  CHECK(to_json(instance_from(file)) == to_json(instance));
  CHECK(file.metadata.at("note") == "kept");
  CHECK(values<double>(file.at("layers.0.heads.0.W_Q"))[0] == 0.75);
  CHECK(file.at("layers.1.ffn.b_1").shape == std::vector<std::size_t>{5});
  Instance bare;
  bare.model = {2, {{{}, std::nullopt}}, Mask::bidirectional};
  bare.data_width = 2;
  const std::string bare_text = instance_safetensors(bare);
  CHECK(to_json(instance_from(parsed(bare_text))) == to_json(bare));
}

TEST_CASE("files that are not what construct wrote are refused") {
  const std::string text = instance_safetensors(sample());
  const auto refused = [&](const std::string& from, const std::string& to) {
    CAPTURE(from);
    const std::string changed = replaced(text, from, to);
    CHECK_THROWS_AS((void)instance_from(parsed(changed)), InputError);
  };
  refused("layers.2.heads.0.W_Q", "layers.3.heads.0.W_Q");
  refused("layers.0.heads.1.W_O\":{\"d", "layers.0.heads.1.W_X\":{\"d");
  refused("\"prompt\":{\"d", "\"prompx\":{\"d");
  refused("\\\"data_width\\\":2", "\\\"data_width\\\":4");
  refused("\\\"schema\\\":1", "\\\"schema\\\":2");
  refused("\\\"d\\\":3", "\\\"d\\\":4");
  refused("\"promptbound\":\"{", "\"promptboxes\":\"{");
  refused("\"exact\":", "\"exbct\":");
  // One bit of a rounded entry, against its exact form.
  std::string damaged = text;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  CHECK_THROWS_AS((void)instance_from(parsed(damaged)), InputError);
}
