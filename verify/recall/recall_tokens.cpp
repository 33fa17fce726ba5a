#include <cstring>
#include <nlohmann/json.hpp>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/npy.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/recall/recall_tokens.hpp>

namespace promptbound {
namespace {

constexpr long most_id = 1L << 30;
constexpr std::size_t most_drawn = 1000000;

std::size_t checked_id(const Integer& id, const std::string& where) {
  if (id < 0 || id > most_id) {
    throw InputError(where + ": " + id.str().substr(0, 30) + " (accepted: whole numbers from 0 to 2^30)");
  }
  return id.convert_to<std::size_t>();
}

std::vector<std::size_t> ids_from(const Json& json, const std::string& where) {
  if (!json.is_array()) throw InputError(where + ": an array of token ids is needed");
  std::vector<std::size_t> ids;
  for (std::size_t k = 0; k < json.size(); ++k) {
    const std::string place = where + "[" + std::to_string(k) + "]";
    ids.push_back(checked_id(integer_from(json[k], place), place));
  }
  return ids;
}

void require_tokens(const TokenSequence& sequence, const std::string& where) {
  if (sequence.tokens.empty()) throw InputError(where + ": no tokens (accepted: one or more)");
}

std::vector<TokenSequence> from_json(const std::string& path, const std::vector<std::size_t>& start) {
  const Json json = parse_json(read_text_file(path), path);
  if (integer_from(member(json, "schema", path), path + ".schema") != 1) {
    throw InputError(path + ".schema: 1 is needed");
  }
  const Json& list = member(json, "sequences", path);
  if (!list.is_array() || list.empty()) {
    throw InputError(path + ".sequences: an array of one or more sequences is needed");
  }
  for (const auto& [name, value] : json.items()) {
    if (name != "schema" && name != "sequences") {
      throw InputError(path + ": no member \"" + printable(name, 40) + "\" (accepted: schema, sequences)");
    }
  }
  std::vector<TokenSequence> result;
  for (std::size_t n = 0; n < list.size(); ++n) {
    const std::string where = path + ".sequences[" + std::to_string(n) + "]";
    TokenSequence& sequence = result.emplace_back();
    sequence.tokens = ids_from(member(list[n], "tokens", where), where + ".tokens");
    sequence.start = list[n].contains("start") ? ids_from(list[n]["start"], where + ".start") : start;
    for (const auto& [name, value] : list[n].items()) {
      if (name != "start" && name != "tokens") {
        throw InputError(where + ": no member \"" + printable(name, 40) + "\" (accepted: start, tokens)");
      }
    }
    require_tokens(sequence, where);
  }
  return result;
}

std::vector<TokenSequence> from_npy(const std::string& path, const std::vector<std::size_t>& start) {
  const TensorFile file = read_npy(path);
  const Tensor& tensor = file.only();
  if (tensor.type != ElementType::I64 || tensor.shape.size() != 2) {
    throw InputError(path + ": shape " + shape_text(tensor.shape) + " of " + std::string(name(tensor.type)) +
                     " (accepted: (sequences, tokens) of I64)");
  }
  std::vector<TokenSequence> result(tensor.shape[0]);
  if (result.empty()) throw InputError(path + ": no sequence (accepted: one row or more)");
  for (std::size_t n = 0; n < result.size(); ++n) {
    const std::string where = path + " row " + std::to_string(n);
    result[n].start = start;
    for (std::size_t k = 0; k < tensor.shape[1]; ++k) {
      std::int64_t id = 0;
      std::memcpy(&id, tensor.bytes.data() + (n * tensor.shape[1] + k) * sizeof id, sizeof id);
      result[n].tokens.push_back(checked_id(Integer(id), where));
    }
    require_tokens(result[n], where);
  }
  return result;
}

/// S. Vigna's SplitMix64.
std::uint64_t next(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::vector<TokenSequence> read_token_sequences(const std::string& path,
                                                const std::vector<std::size_t>& start) {
  return path.ends_with(".npy") ? from_npy(path, start) : from_json(path, start);
}

std::vector<TokenSequence> drawn_sequences(std::uint64_t seed, std::size_t count, std::size_t length,
                                           std::size_t vocabulary, const std::vector<std::size_t>& start) {
  if (count == 0 || count > most_drawn || length == 0 || length > most_drawn) {
    throw InputError("drawn: " + std::to_string(count) + " sequences of " + std::to_string(length) +
                     " tokens (accepted: 1 to " + std::to_string(most_drawn) + " of both)");
  }
  const std::uint64_t size = vocabulary, beyond = UINT64_MAX - (UINT64_MAX % size + 1) % size;
  std::vector<TokenSequence> result(count);
  for (TokenSequence& sequence : result) {
    sequence.start = start;
    while (sequence.tokens.size() < length) {
      const std::uint64_t number = next(seed);
      if (number <= beyond) sequence.tokens.push_back(static_cast<std::size_t>(number % size));
    }
  }
  return result;
}

}  // namespace promptbound
