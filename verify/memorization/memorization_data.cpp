#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>

namespace promptbound {

MemorizationData memorization_data_from(const Json& data, Index width, const std::string& where) {
  if (integer_from(member(data, "schema", where), where + ".schema") != 1) {
    throw InputError(where + ".schema: this program reads schema 1");
  }
  const Json& examples = member(data, "examples", where);
  if (!examples.is_array() || examples.empty()) {
    throw InputError(where + ".examples: an array of at least one example is needed");
  }
  MemorizationData result;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::string place = where + ".examples[" + std::to_string(i) + "]";
    MemorizationExample example;
    example.tokens = matrix_from(member(examples[i], "tokens", place), place + ".tokens").transpose();
    const Integer query = integer_from(member(examples[i], "query", place), place + ".query");
    example.target = vector_from(member(examples[i], "target", place), place + ".target");
    if (example.tokens.rows() != width || example.target.size() != width) {
      throw InputError(place + ": tokens and target must have the model's width, " + std::to_string(width));
    }
    if (query < 0 || query >= Integer(example.tokens.cols())) {
      throw InputError(place + ".query: an index from 0 to " + std::to_string(example.tokens.cols() - 1) +
                       " is needed");
    }
    example.query = query.convert_to<Index>();
    result.push_back(std::move(example));
  }
  return result;
}

Json to_json(const MemorizationData& data) {
  Json examples = Json::array();
  for (const MemorizationExample& example : data) {
    examples.push_back({{"tokens", to_json(Matrix<Rational>(example.tokens.transpose()))},
                        {"query", static_cast<std::int64_t>(example.query)},
                        {"target", to_json(example.target)}});
  }
  return {{"schema", 1}, {"examples", std::move(examples)}};
}

}  // namespace promptbound
