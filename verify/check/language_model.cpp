#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include <promptbound/models/text_file.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/check/language_model.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound::checker {
namespace {

using namespace std::literals;

[[noreturn]] void reject_member(const std::string& name, const std::string& what) {
  reject("config: " + printable(name, 60) + ": " + what);
}

std::size_t count_from(const Json& value, const std::string& what) {
  const Integer count = integer_from(value, what);
  if (count < 0 || count > (Integer(1) << 40)) reject(what + ": out of range");
  return count.convert_to<std::size_t>();
}

/// binary16 and the upper half of binary32, by their definitions.
double half_number(std::uint16_t bits, bool is_brain) {
  const double sign = bits >> 15 == 0 ? 1 : -1;
  const int width = is_brain ? 7 : 10, bias = is_brain ? 127 : 15, top = is_brain ? 255 : 31;
  const int exponent = bits >> width & top, fraction = bits & ((1 << width) - 1);
  if (exponent == top) reject("tensor: an entry is infinite or no number");
  const double significand = exponent == 0 ? fraction : fraction + (1 << width);
  return sign * std::ldexp(significand, std::max(exponent, 1) - bias - width);
}

std::size_t entry_size(const std::string& type) {
  if (type == "F64") return 8;
  if (type == "F32") return 4;
  if (type == "F16" || type == "BF16") return 2;
  return 0;
}

double entry_at(const std::string& bytes, std::size_t place, const std::string& type) {
  double value = 0;
  if (type == "F64") {
    std::memcpy(&value, bytes.data() + place, 8);
  } else if (type == "F32") {
    float single = 0;
    std::memcpy(&single, bytes.data() + place, 4);
    value = static_cast<double>(single);
  } else {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + place, 2);
    return half_number(bits, type == "BF16");
  }
  if (!std::isfinite(value)) reject("tensor: an entry is infinite or no number");
  return value;
}

/// Members that change nothing of the largest logit on given tokens.
constexpr std::array inert = {"_attn_implementation_autoset"sv,
                              "_commit_hash"sv,
                              "_name_or_path"sv,
                              "architectures"sv,
                              "attention_dropout"sv,
                              "attn_pdrop"sv,
                              "bos_token_id"sv,
                              "dtype"sv,
                              "embd_pdrop"sv,
                              "eos_token_id"sv,
                              "gradient_checkpointing"sv,
                              "id2label"sv,
                              "initializer_range"sv,
                              "is_llama_config"sv,
                              "label2id"sv,
                              "max_length"sv,
                              "model_max_length"sv,
                              "n_ctx"sv,
                              "output_attentions"sv,
                              "output_hidden_states"sv,
                              "output_past"sv,
                              "pad_token_id"sv,
                              "pretraining_tp"sv,
                              "reorder_and_upcast_attn"sv,
                              "resid_pdrop"sv,
                              "return_dict"sv,
                              "summary_activation"sv,
                              "summary_first_dropout"sv,
                              "summary_proj_to_labels"sv,
                              "summary_type"sv,
                              "summary_use_proj"sv,
                              "task_specific_params"sv,
                              "tokenizer_class"sv,
                              "torch_dtype"sv,
                              "transformers_version"sv,
                              "unk_token_id"sv,
                              "use_cache"sv,
                              "max_window_layers"sv};

/// The members of a configuration, each asked for or refused.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {
    require(json.is_object(), "config: an object is needed");
  }

  const Json* find(const std::string& name) {
    known_.push_back(name);
    const auto place = json_.find(name);
    return place == json_.end() || place->is_null() ? nullptr : &*place;
  }
  std::size_t count(const std::string& name, std::optional<std::size_t> otherwise = std::nullopt) {
    const Json* value = find(name);
    if (value == nullptr && !otherwise) reject_member(name, "is missing");
    return value == nullptr ? *otherwise : count_from(*value, name);
  }
  Rational number(const std::string& name, const char* otherwise) {
    const Json* value = find(name);
    return rational_from(value == nullptr ? Json(otherwise) : *value, name);
  }
  bool flag(const std::string& name, bool otherwise) {
    const Json* value = find(name);
    if (value != nullptr && !value->is_boolean()) reject_member(name, "true or false is needed");
    return value == nullptr ? otherwise : value->get<bool>();
  }
  std::string text(const std::string& name, const char* otherwise) {
    const Json* value = find(name);
    if (value != nullptr && !value->is_string()) reject_member(name, "a text is needed");
    return value == nullptr ? otherwise : value->get<std::string>();
  }
  void require_absent_or(const std::string& name, const Json& value) {
    const Json* found = find(name);
    if (found != nullptr && *found != value) reject_member(name, "is not evaluated by this checker");
  }
  void end(const std::vector<std::string>& assumed) const {
    for (const auto& [name, value] : json_.items()) {
      const auto in = [](const auto& list, const std::string& member) {
        return std::find(list.begin(), list.end(), member) != list.end();
      };
      if (!value.is_null() && !in(known_, name) && !in(inert, name) && !in(assumed, name)) {
        reject_member(name, "is not known to this checker");
      }
    }
  }

 private:
  const Json& json_;
  std::vector<std::string> known_;
};

void read_rotary(Members& config, Architecture& model) {
  model.base = config.number("rope_theta", "10000");
  const Json* scaling = config.find("rope_scaling");
  const Json* parameters = config.find("rope_parameters");
  if (scaling != nullptr && parameters != nullptr)
    reject_member("rope_parameters", "two places for one thing");
  if (parameters != nullptr) scaling = parameters;
  if (scaling == nullptr) return;
  Members members(*scaling);
  if (parameters != nullptr) model.base = members.number("rope_theta", "10000");
  const std::string type = members.text("rope_type", members.text("type", "default").c_str());
  if (type == "linear" || type == "llama3") model.factor = members.number("factor", "0");
  if (type == "llama3") {
    model.low = members.number("low_freq_factor", "0");
    model.high = members.number("high_freq_factor", "0");
    model.original = members.number("original_max_position_embeddings", "0");
    require(*model.low > 0 && *model.high > *model.low && *model.original > 0,
            "config: rope_scaling out of range");
  } else if (type != "linear" && type != "default") {
    reject_member("rope_scaling", "is not evaluated by this checker");
  }
  require(model.base > 0 && model.factor > 0, "config: rope_scaling out of range");
  members.end({});
}

Architecture gpt2(Members& config) {
  Architecture model;
  model.width = config.count("n_embd");
  model.layers = config.count("n_layer");
  model.heads = model.key_heads = config.count("n_head");
  model.hidden = config.count("n_inner", 4 * model.width);
  model.positions = config.count("n_positions");
  model.activation = config.text("activation_function", "gelu_new");
  model.epsilon = config.number("layer_norm_epsilon", "1e-5");
  model.scaled = config.flag("scale_attn_weights", true);
  model.query_bias = model.output_bias = model.ffn_bias = true;
  model.is_tied = config.flag("tie_word_embeddings", true);
  config.require_absent_or("scale_attn_by_inverse_layer_idx", false);
  model.embeddings = "wte.weight";
  return model;
}

Architecture llama(Members& config, const std::string& type) {
  Architecture model;
  model.is_gpt2 = false;
  model.width = config.count("hidden_size");
  model.layers = config.count("num_hidden_layers");
  model.heads = config.count("num_attention_heads");
  model.key_heads = config.count("num_key_value_heads", model.heads);
  model.head_width = config.count("head_dim", 0);
  model.hidden = config.count("intermediate_size");
  model.positions = config.count("max_position_embeddings", type == "llama"   ? 2048
                                                            : type == "qwen2" ? 32768
                                                                              : 131072);
  model.activation = config.text("hidden_act", "silu");
  model.epsilon = config.number("rms_norm_eps", "1e-6");
  model.is_tied = config.flag("tie_word_embeddings", false);
  read_rotary(config, model);
  if (type == "llama") {
    model.query_bias = model.output_bias = config.flag("attention_bias", false);
    model.ffn_bias = config.flag("mlp_bias", false);
  }
  if (type == "qwen2") {
    model.query_bias = true;
    config.require_absent_or("use_sliding_window", false);
    static_cast<void>(config.find("sliding_window"));
  }
  if (type == "mistral" && (config.find("sliding_window") != nullptr)) {
    model.positions = std::min(model.positions, config.count("sliding_window"));
  }
  model.embeddings = "embed_tokens.weight";
  return model;
}

}  // namespace

NamedFiles named_files(const Json& value, const char* what) {
  require(value.is_object() && !value.empty(), what);
  NamedFiles files;
  for (const auto& [name, digest] : value.items()) {
    require(!name.empty() && name.find('/') == std::string::npos && name != ".." && digest.is_string() &&
                digest.get_ref<const std::string&>().size() == 64,
            what);
    files[name] = digest.get<std::string>();
  }
  return files;
}

Folder::Folder(const std::string& path, const NamedFiles& files) {
  const std::string folder = path + "/";
  for (const auto& [name, digest] : files) {
    std::string content = read_text_file(folder + name);
    if (sha256(content) != digest) {
      reject(folder + printable(name, 60) +
             " is another file than the certificate names: its SHA-256 differs");
    }
    if (name == "config.json" || name == "adapter_config.json") {
      json_ = parse_json(content, folder + name);
    } else if (name.ends_with(".safetensors")) {
      add_safetensors(std::move(content));
    } else if (!name.ends_with(".safetensors.index.json")) {
      reject("inputs: a file that a certificate of this kind is not made from");
    }
  }
}

void Folder::add_safetensors(std::string content) {
  std::uint64_t length = 0;
  require(content.size() >= 8, "safetensors: cut off");
  std::memcpy(&length, content.data(), 8);
  require(length <= content.size() - 8, "safetensors: cut off");
  const Json header = parse_json(std::string_view(content).substr(8, length), "safetensors");
  require(header.is_object(), "safetensors: an object is needed");
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const Json &type = member(entry, "dtype", "safetensors"), &shape = member(entry, "shape", "safetensors"),
               &ends = member(entry, "data_offsets", "safetensors");
    require(type.is_string() && shape.is_array() && ends.is_array() && ends.size() == 2,
            "safetensors: malformed");
    Place place{contents_.size(), type.get<std::string>(), {}, 0, 0};
    std::size_t size = entry_size(place.type);
    for (const Json& side : shape) {
      place.shape.push_back(count_from(side, "shape"));
      require(!__builtin_mul_overflow(size, place.shape.back(), &size), "safetensors: malformed");
    }
    const std::size_t begin = count_from(ends[0], "data_offsets"), end = count_from(ends[1], "data_offsets");
    require(begin <= end && end <= content.size() - 8 - length && (size == 0 || end - begin == size),
            "safetensors: malformed");
    place.begin = 8 + length + begin;
    place.end = 8 + length + end;
    require(places_.emplace(name, std::move(place)).second, "safetensors: two tensors of one name");
  }
  contents_.push_back(std::move(content));
}

std::vector<std::string> Folder::names() const {
  std::vector<std::string> result;
  for (const auto& entry : places_) result.push_back(entry.first);
  return result;
}

Table Folder::table(const std::string& tensor, std::size_t rows, std::size_t columns) const {
  const auto found = places_.find(tensor);
  if (found == places_.end()) reject("tensor: no " + printable(tensor, 80));
  const Place& place = found->second;
  const std::vector<std::size_t> matrix = {rows, columns}, vector = {rows};
  if (place.shape != matrix && !(columns == 1 && place.shape == vector)) {
    reject("tensor: " + printable(tensor, 80) + " has another shape than config.json asks for");
  }
  const std::size_t size = entry_size(place.type);
  if (size == 0) reject("tensor: " + printable(tensor, 80) + " is of a type that this checker does not read");
  Table table{rows, columns, {}};
  table.values.reserve(rows * columns);
  for (std::size_t at = place.begin; at < place.end; at += size) {
    table.values.push_back(entry_at(contents_[place.file], at, place.type));
  }
  return table;
}

bool Folder::holds_same(const std::string& a, const std::string& b) const {
  const Place &x = places_.at(a), &y = places_.at(b);
  return x.type == y.type && x.shape == y.shape &&
         contents_[x.file].compare(x.begin, x.end - x.begin, contents_[y.file], y.begin, y.end - y.begin) ==
             0;
}

Architecture architecture_of(const Folder& folder, const std::vector<std::string>& assumed) {
  Members config(folder.json());
  const std::string type = config.text("model_type", "");
  Architecture model;
  if (type == "gpt2") {
    model = gpt2(config);
  } else if (type == "llama" || type == "mistral" || type == "qwen2") {
    model = llama(config, type);
  } else {
    reject_member("model_type", "is not evaluated by this checker");
  }
  model.vocabulary = config.count("vocab_size");
  for (const char* name : {"is_encoder_decoder", "add_cross_attention", "is_decoder"}) {
    config.require_absent_or(name, false);
  }
  config.end(assumed);
  require(model.width > 0 && model.layers > 0 && model.heads > 0 && model.key_heads > 0 &&
              model.vocabulary > 0 && model.heads % model.key_heads == 0 && model.epsilon > 0,
          "config: sizes out of range");
  if (model.head_width == 0) {
    require(model.width % model.heads == 0, "config: sizes out of range");
    model.head_width = model.width / model.heads;
  }
  require(model.is_gpt2 || model.head_width % 2 == 0, "config: sizes out of range");
  // The table of the embeddings stands once, whatever wraps the model.
  std::optional<std::string> prefix;
  for (const std::string& name : folder.names()) {
    if (!name.ends_with(model.embeddings)) continue;
    require(!prefix, "tensor: two tables of embeddings");
    prefix = name.substr(0, name.size() - model.embeddings.size());
  }
  require(prefix.has_value(), "tensor: no table of embeddings");
  model.prefix = *prefix;
  // A tensor of a layer that no evaluation reads would be part of another function.
  const std::string layers = model.prefix + (model.is_gpt2 ? "h." : "layers.");
  for (const std::string& name : folder.names()) {
    if (!name.starts_with(layers)) continue;
    const std::string rest = name.substr(name.find('.', layers.size()) + 1);
    constexpr std::array of_gpt2 = {"attn.c_attn."sv, "attn.c_proj."sv, "mlp.c_fc."sv, "mlp.c_proj."sv,
                                    "ln_1."sv,        "ln_2."sv,        "attn.bias"sv, "attn.masked_bias"sv};
    constexpr std::array of_llama = {
        "self_attn.q_proj."sv,    "self_attn.k_proj."sv, "self_attn.v_proj."sv,
        "self_attn.o_proj."sv,    "mlp.up_proj."sv,      "mlp.gate_proj."sv,
        "mlp.down_proj."sv,       "input_layernorm."sv,  "post_attention_layernorm."sv,
        "self_attn.rotary_emb."sv};
    const auto begins = [&](const std::string_view known) {
      return std::string_view(rest).starts_with(known);
    };
    const bool is_known = model.is_gpt2 ? std::any_of(of_gpt2.begin(), of_gpt2.end(), begins)
                                        : std::any_of(of_llama.begin(), of_llama.end(), begins);
    if (!is_known) reject("tensor: " + printable(name, 80) + " is not known to this checker");
  }
  return model;
}

Table prompt_of(const Folder& folder, std::size_t width) {
  Members config(folder.json());
  const std::string type = config.text("peft_type", "");
  require(type == "PROMPT_TUNING" || type == "P_TUNING", "adapter: no soft prompt");
  if (type == "P_TUNING") require(config.flag("inference_mode", false), "adapter: no finished prompt");
  const std::size_t tokens = config.count("num_virtual_tokens");
  require(folder.names().size() == 1, "adapter: more than a prompt");
  return folder.table("prompt_embeddings", tokens, width);
}

}  // namespace promptbound::checker
