#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/mapped_file.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr const char* metadata_key = "__metadata__";
constexpr std::uint64_t longest_header = 100'000'000;

std::string shortened(const std::string& text) { return printable(text, 60); }

/// The JSON document, which is an object.
Json json_object(std::string_view text, const std::string& where, Fractions fractions) {
  Json document = parse_json(text, where, fractions);
  if (!document.is_object()) throw InputError(where + ": not a JSON object");
  return document;
}

/// A key of an object that is known to hold objects.
const Json& needed(const Json& object, const char* key, const std::string& where) {
  const auto place = object.find(key);
  if (place == object.end()) throw InputError(where + ": \"" + key + "\" is missing");
  return *place;
}

std::vector<std::size_t> counts(const Json& value, const std::string& where, const char* what) {
  std::vector<std::size_t> result;
  bool is_right = value.is_array();
  for (const Json& entry : value) {
    is_right = is_right && entry.is_number_unsigned();
    if (is_right) result.push_back(entry.get<std::size_t>());
  }
  if (!is_right) throw InputError(where + ": \"" + what + "\" is not an array of whole numbers >= 0");
  return result;
}

ElementType element_type(const std::string& text) {
  for (int i = 0; i < static_cast<int>(ElementType::other); ++i) {
    if (const auto type = static_cast<ElementType>(i); name(type) == text) return type;
  }
  return ElementType::other;
}

struct Placed {
  std::string name;
  std::size_t begin;
  Tensor tensor;
};

Placed placed_tensor(const std::string& name, const Json& entry, std::span<const std::byte> data,
                     const std::string& file) {
  const std::string where = file + ": " + shortened(name);
  if (!entry.is_object())
    throw InputError(where + ": an object with dtype, shape and data_offsets is needed");
  for (const auto& [key, value] : entry.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      throw InputError(where + ": unknown key \"" + shortened(key) + "\"");
    }
  }
  const Json& type = needed(entry, "dtype", where);
  if (!type.is_string()) throw InputError(where + ": \"dtype\" is not the name of an element type");
  Tensor tensor{where,
                counts(needed(entry, "shape", where), where, "shape"),
                element_type(type.get_ref<const std::string&>()),
                {}};
  const std::vector<std::size_t> offsets =
      counts(needed(entry, "data_offsets", where), where, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    throw InputError(where + ": \"data_offsets\" is not a pair begin <= end");
  }
  if (offsets[1] > data.size()) {
    throw InputError(where + ": ends at byte " + std::to_string(offsets[1]) + " of the data, which has " +
                     std::to_string(data.size()) + " bytes");
  }
  // How many bytes an unnamed type takes is not known.
  const bool is_other = tensor.type == ElementType::other;
  if (is_other) tensor.other_type = shortened(type.get<std::string>());
  const std::size_t expected =
      is_other ? offsets[1] - offsets[0] : byte_count(tensor.shape, tensor.type, where);
  if (offsets[1] - offsets[0] != expected) {
    throw InputError(where + ": has " + std::to_string(offsets[1] - offsets[0]) + " bytes, and its shape " +
                     shape_text(tensor.shape) + " needs " + std::to_string(expected));
  }
  tensor.bytes = data.subspan(offsets[0], expected);
  return {name, offsets[0], std::move(tensor)};
}

std::string not_in_shard(const std::string& shard, const std::string& name) {
  return shard + ": no tensor '" + name + "', which the index puts there";
}

}  // namespace

TensorFile parse_safetensors(std::span<const std::byte> bytes, const std::string& where) {
  refuse_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, where);
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) throw InputError(where + ": too short for a safetensors file");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length || length > longest_header) {
    throw InputError(where + ": not a safetensors file: a header of " + std::to_string(length) +
                     " bytes in " + std::to_string(bytes.size()) + " bytes (at most " +
                     std::to_string(longest_header) + ")");
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data()) + sizeof length;
  const Json header = json_object({text, length}, where + ": header", Fractions::refused);
  const std::span<const std::byte> data = bytes.subspan(sizeof length + length);

  TensorFile file(where);
  std::vector<Placed> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name != metadata_key) {
      tensors.push_back(placed_tensor(name, entry, data, where));
      continue;
    }
    const bool is_right = entry.is_object() && std::all_of(entry.begin(), entry.end(), [](const Json& value) {
                            return value.is_string();
                          });
    if (!is_right) throw InputError(where + ": __metadata__ is not an object of texts");
    file.metadata = entry.get<std::map<std::string, std::string>>();
  }
  std::sort(tensors.begin(), tensors.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.begin, a.tensor.bytes.size()) < std::pair(b.begin, b.tensor.bytes.size());
  });
  std::size_t end = 0;
  for (Placed& placed : tensors) {
    if (placed.begin != end) {
      throw InputError(placed.tensor.where +
                       (placed.begin < end ? ": overlaps the tensor before it" : ": a gap lies before it"));
    }
    end += placed.tensor.bytes.size();
    file.add(placed.name, std::move(placed.tensor));
  }
  if (end != data.size()) {
    throw InputError(where + ": " + std::to_string(data.size() - end) + " bytes belong to no tensor");
  }
  return file;
}

TensorFile read_safetensors(const std::string& path) {
  auto mapping = std::make_shared<const MappedFile>(path);
  TensorFile file = parse_safetensors(mapping->bytes(), path);
  file.keep_alive(std::move(mapping));
  return file;
}

TensorFile read_safetensors_index(const std::string& path) {
  const MappedFile mapping(path);
  const std::string_view text(reinterpret_cast<const char*>(mapping.bytes().data()), mapping.bytes().size());
  refuse_pointer(text, path);
  const Json index = json_object(text, path, Fractions::as_text);
  const Json& weight_map = needed(index, "weight_map", path);
  if (!weight_map.is_object()) throw InputError(path + ": weight_map is not an object");
  std::map<std::string, std::set<std::string>> promised;
  for (const auto& [name, value] : weight_map.items()) {
    const std::string file = value.is_string() ? value.get<std::string>() : "";
    if (file.empty() || file.find('/') != std::string::npos || file.find('\0') != std::string::npos) {
      throw InputError(path + ": weight_map: '" + shortened(name) +
                       "' has no name of a file beside the index");
    }
    promised[file].insert(name);
  }
  TensorFile all(path);
  for (const auto& [file, names] : promised) {
    const std::string shard_path = (std::filesystem::path(path).parent_path() / file).string();
    std::optional<TensorFile> shard;
    std::string why;
    try {
      shard = read_safetensors(shard_path);
    } catch (const InputError& error) {
      why = error.what();
    }
    for (const std::string& name : names) {
      const Tensor* tensor = shard ? shard->find(name) : nullptr;
      if (tensor != nullptr) {
        all.add(name, *tensor);
      } else {
        all.add_absent(name, why.empty() ? not_in_shard(shard_path, name) : why);
      }
    }
    if (!shard) continue;
    all.keep_alive(*shard);
    for (const auto& [name, tensor] : shard->tensors()) {
      if (!weight_map.contains(name)) all.add_absent(name, tensor.where + ": the index does not name it");
    }
  }
  return all;
}

std::string safetensors_text(const std::map<std::string, Tensor>& tensors,
                             const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::size_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t begin = end;
    end += tensor.bytes.size();
    header[name] = {{"dtype", std::string(promptbound::name(tensor.type))},
                    {"shape", tensor.shape},
                    {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  file += text;
  file.reserve(file.size() + end);
  for (const auto& [name, tensor] : tensors) {
    file.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  }
  return file;
}

}  // namespace promptbound
