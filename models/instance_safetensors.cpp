#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr const char* structure_key = "promptbound";
constexpr const char* exact_key = "exact";
/// Headers of more than 100 MB are refused by readers.
constexpr std::size_t longest_exact_text = 50'000'000;

/// Calls visit(name, array) for every array of the model; has(name, part) says of the optional parts whether
/// they are there.
template <class AnyInstance, class Has, class Visit>
void for_each_array(AnyInstance& instance, const Has& has, const Visit& visit) {
  for (std::size_t l = 0; l < instance.model.layers.size(); ++l) {
    auto& layer = instance.model.layers[l];
    const std::string place = "layers." + std::to_string(l) + ".";
    for (std::size_t h = 0; h < layer.heads.size(); ++h) {
      const std::string head = place + "heads." + std::to_string(h) + ".";
      visit(head + "W_Q", layer.heads[h].W_Q);
      visit(head + "W_K", layer.heads[h].W_K);
      visit(head + "W_V", layer.heads[h].W_V);
      if (has(head + "W_O", layer.heads[h].W_O)) visit(head + "W_O", *layer.heads[h].W_O);
    }
    if (!has(place + "ffn.W_1", layer.ffn)) continue;
    visit(place + "ffn.W_1", layer.ffn->W_1);
    visit(place + "ffn.b_1", layer.ffn->b_1);
    visit(place + "ffn.W_2", layer.ffn->W_2);
    visit(place + "ffn.b_2", layer.ffn->b_2);
  }
}

/// The finite binary64 number that stands for the value in a tensor: an end of its tightest enclosure.
double rounded(const Rational& value) {
  const WorkingPrecision scope(64);
  const FastInterval enclosure(value);
  return std::isfinite(enclosure.lower()) ? enclosure.lower() : enclosure.upper();
}

/// Collects the tensors of an instance and what they round.
class Writer {
 public:
  template <class Derived>
  void add(const std::string& name, const Eigen::MatrixBase<Derived>& array) {
    std::vector<double>& numbers = numbers_[name];
    Json exact = Json::object();
    for (Index row = 0; row < array.rows(); ++row) {
      for (Index column = 0; column < array.cols(); ++column) {
        const Rational& value = array(row, column);
        numbers.push_back(rounded(value));
        if (Rational(numbers.back()) != value) exact[std::to_string(numbers.size() - 1)] = to_json(value);
      }
    }
    std::vector<std::size_t> shape = {static_cast<std::size_t>(array.rows())};
    if (!Derived::IsVectorAtCompileTime) shape.push_back(static_cast<std::size_t>(array.cols()));
    tensors_[name] = view(numbers, std::move(shape));
    if (!exact.empty()) exact_[name] = std::move(exact);
  }

  [[nodiscard]] std::string text(std::map<std::string, std::string> metadata, const Json& structure) const {
    metadata[structure_key] = structure.dump();
    metadata[exact_key] = exact_.dump();
    if (metadata[exact_key].size() > longest_exact_text) {
      throw InputError("safetensors: the entries that are not binary64 take " +
                       std::to_string(metadata[exact_key].size()) + " bytes (accepted: at most " +
                       std::to_string(longest_exact_text) + "; JSON files have no such limit)");
    }
    return safetensors_text(tensors_, metadata);
  }

 private:
  std::map<std::string, std::vector<double>> numbers_;
  std::map<std::string, Tensor> tensors_;
  Json exact_ = Json::object();
};

class Reader {
 public:
  explicit Reader(const TensorFile& file) : file_(file) {
    exact_ = parse_json(text(exact_key), file.where() + ": " + exact_key);
    if (!exact_.is_object()) throw InputError(file.where() + ": " + exact_key + ": an object is needed");
  }

  [[nodiscard]] const std::string& text(const std::string& key) const {
    const auto found = file_.metadata.find(key);
    if (found == file_.metadata.end()) {
      throw InputError(file_.where() + ": no \"" + key + "\" in __metadata__ (accepted: files of construct)");
    }
    return found->second;
  }

  template <class Array>
  void read(const std::string& name, Array& array) {
    const Tensor& tensor = file_.at(name);
    ++used_;
    constexpr std::size_t rank = Array::IsVectorAtCompileTime ? 1 : 2;
    if (tensor.shape.size() != rank) {
      throw InputError(tensor.where + ": shape " + shape_text(tensor.shape) +
                       " (accepted: " + std::to_string(rank) + " dimensions)");
    }
    const std::vector<double> numbers = values<double>(tensor);
    const auto rows = static_cast<Index>(tensor.shape[0]);
    const Index columns = rank == 1 ? 1 : static_cast<Index>(tensor.shape[rank - 1]);
    array.resize(rows, columns);
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const auto place = static_cast<Index>(k);
      array(place / columns, place % columns) = Rational(numbers[k]);
    }
    if (!exact_.contains(name)) return;
    if (!exact_[name].is_object()) throw InputError(tensor.where + ": exact: an object is needed");
    for (const auto& [index, value] : exact_[name].items()) {
      const std::string where = tensor.where + ": exact[" + index + "]";
      const Integer k = integer_from(Json(index), where);
      if (k < 0 || k >= Integer(numbers.size())) throw InputError(where + ": no such entry");
      const auto place = k.convert_to<Index>();
      const Rational exact = rational_from(value, where);
      if (rounded(exact) != numbers[static_cast<std::size_t>(place)]) {
        throw InputError(where + ": the tensor's entry is not this number rounded");
      }
      array(place / columns, place % columns) = exact;
    }
    exact_.erase(name);
  }

  /// Everything in the file was read.
  void finish() const {
    if (!exact_.empty()) throw InputError(file_.where() + ": exact: no tensor " + exact_.begin().key());
    if (used_ != file_.tensors().size()) {
      throw InputError(file_.where() + ": " + std::to_string(file_.tensors().size() - used_) +
                       " tensors with names that no model has");
    }
  }

 private:
  const TensorFile& file_;
  Json exact_;
  std::size_t used_ = 0;
};

void add_layers(const Json& heads, Instance& instance, const std::string& where) {
  if (!heads.is_array()) throw InputError(where + ".heads: an array is needed");
  constexpr int most_heads = 100000;
  for (const Json& entry : heads) {
    const Integer count = integer_from(entry, where + ".heads");
    if (count < 0 || count > most_heads)
      throw InputError(where + ".heads: a number from 0 to 100000 is needed");
    Layer<Rational>& layer = instance.model.layers.emplace_back();
    layer.heads.resize(count.convert_to<std::size_t>());
  }
}

}  // namespace

std::string instance_safetensors(const Instance& instance, std::map<std::string, std::string> metadata) {
  Writer writer;
  for_each_array(
      instance, [](const std::string&, const auto& part) { return part.has_value(); },
      [&](const std::string& name, const auto& array) { writer.add(name, array); });
  if (instance.prompt.cols() > 0) writer.add("prompt", instance.prompt.transpose());
  if (instance.input_offsets.cols() > 0) writer.add("input_offsets", instance.input_offsets.transpose());
  Json heads = Json::array();
  for (const Layer<Rational>& layer : instance.model.layers) heads.push_back(layer.heads.size());
  return writer.text(std::move(metadata), {{"schema", 1},
                                           {"d", instance.model.width},
                                           {"causal", instance.model.mask == Mask::causal},
                                           {"data_width", instance.data_width},
                                           {"heads", std::move(heads)}});
}

Instance instance_from(const TensorFile& file) {
  Reader reader(file);
  const std::string where = file.where() + ": " + structure_key;
  const Json structure = parse_json(reader.text(structure_key), where);
  if (integer_from(member(structure, "schema", where), where + ".schema") != 1) {
    throw InputError(where + ".schema: this program reads schema 1");
  }
  const Integer width = integer_from(member(structure, "d", where), where + ".d");
  const Integer data_width = integer_from(member(structure, "data_width", where), where + ".data_width");
  if (width < 1 || width > 1000000 || data_width < 1 || data_width > width) {
    throw InputError(where + ": d from 1 to 1000000 and data_width from 1 to d are needed");
  }
  const Json& causal = member(structure, "causal", where);
  if (!causal.is_boolean()) throw InputError(where + ".causal: true or false is needed");
  Instance instance;
  instance.model.width = width.convert_to<Index>();
  instance.model.mask = causal.get<bool>() ? Mask::causal : Mask::bidirectional;
  instance.data_width = data_width.convert_to<Index>();
  add_layers(member(structure, "heads", where), instance, where);
  const auto make = [&](const std::string& name, auto& part) {
    if (file.find(name) != nullptr) part.emplace();
    return part.has_value();
  };
  for_each_array(instance, make, [&](const std::string& name, auto& array) { reader.read(name, array); });
  instance.model.check_shapes();
  const auto tokens = [&](const std::string& name) -> Matrix<Rational> {
    if (file.find(name) == nullptr) return Matrix<Rational>(instance.model.width, 0);
    Matrix<Rational> rows;
    reader.read(name, rows);
    if (rows.cols() != instance.model.width) {
      throw InputError(file.where() + ": " + name + ": tokens of another width than d");
    }
    return rows.transpose();
  };
  instance.prompt = tokens("prompt");
  instance.input_offsets = tokens("input_offsets");
  reader.finish();
  return instance;
}

bool is_safetensors_name(const std::string& path) { return path.ends_with(".safetensors"); }

Instance read_instance(const std::string& path) {
  if (is_safetensors_name(path)) return instance_from(read_safetensors(path));
  return instance_from(parse_json(read_text_file(path), path), path);
}

}  // namespace promptbound
