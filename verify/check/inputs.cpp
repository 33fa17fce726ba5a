#include <algorithm>
#include <nlohmann/json.hpp>

#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/check/inputs.hpp>
#include <promptbound/verify/check/model.hpp>

namespace promptbound::checker {
namespace {

using Matrices = std::vector<Matrix<Rational>>;

bool same(const Matrix<Rational>& A, const Matrix<Rational>& B) {
  return A.rows() == B.rows() && A.cols() == B.cols() && A == B;
}

/// Everything that a model's function depends on, in order.
Matrices weights_of(const Model& model) {
  Matrices result;
  for (const LayerWeights& layer : model.layers) {
    for (const Head& head : layer.heads) {
      for (const auto* M : {&head.W_Q, &head.W_K, &head.V}) result.push_back(*M);
    }
    if (!layer.ffn) continue;
    for (const auto* M : {&layer.ffn->W_1, &layer.ffn->W_2}) result.push_back(*M);
    for (const auto* b : {&layer.ffn->b_1, &layer.ffn->b_2}) result.emplace_back(*b);
  }
  return result;
}

bool same_model(const Model& a, const Model& b) {
  const auto same_layer = [](const LayerWeights& x, const LayerWeights& y) {
    return x.heads.size() == y.heads.size() && x.ffn.has_value() == y.ffn.has_value();
  };
  const Matrices of_a = weights_of(a), of_b = weights_of(b);
  return a.width == b.width && a.causal == b.causal &&
         std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(), same_layer) &&
         std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), same);
}

/// A file may leave the mask out: it is bidirectional then.
Model model_of_file(Json file) {
  if (file.is_object() && !file.contains("causal")) file["causal"] = false;
  return read_layers(file);
}

/// Tokens as rows; none where the member is absent.
Matrix<Rational> tokens_of(const Json& instance, const char* name) {
  return instance.contains(name) ? matrix_from(instance[name], name) : Matrix<Rational>();
}

Integer data_width(const Json& instance, const Model& model) {
  return instance.contains("data_width") ? integer_from(instance["data_width"], "data_width")
                                         : Integer(model.width);
}

bool same_instance(const Json& certified, const Json& file) {
  const Model model = read_layers(certified), other = model_of_file(file);
  if (!same_model(model, other) || data_width(certified, model) != data_width(file, other)) return false;
  if (!same(tokens_of(certified, "prompt"), tokens_of(file, "prompt"))) return false;
  const Matrix<Rational> offsets = tokens_of(certified, "input_offsets");
  // Without offsets the file leaves the number of input tokens open, and they are added to 0.
  return file.contains("input_offsets") ? same(offsets, tokens_of(file, "input_offsets")) : offsets.isZero(0);
}

bool same_data(const Json& certified, const Json& file) {
  const Json &ours = member(certified, "examples", "data"), &theirs = member(file, "examples", "file");
  const auto same_example = [](const Json& a, const Json& b) {
    const auto tokens = [](const Json& x) { return matrix_from(member(x, "tokens", "example"), "tokens"); };
    const auto query = [](const Json& x) { return integer_from(member(x, "query", "example"), "query"); };
    const auto target = [](const Json& x) { return vector_from(member(x, "target", "example"), "target"); };
    return same(tokens(a), tokens(b)) && query(a) == query(b) && same(target(a), target(b));
  };
  return ours.is_array() && theirs.is_array() &&
         std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), same_example);
}

bool same_table(const Json& target, const Json& file) {
  const auto cells = [](const Json& x) { return integer_from(member(x, "cells", "table"), "cells"); };
  const auto values = [](const Json& x) { return vector_from(member(x, "values", "table"), "values"); };
  return cells(target) == cells(file) && same(values(target), values(file));
}

/// Does the certificate hold what the file does?
bool same_content(const Json& certificate, const std::string& role, const Json& file) {
  const auto part = [&](const char* name) -> const Json& { return member(certificate, name, "certificate"); };
  if (role == "data") return same_data(part("data"), file);
  if (role == "table") return same_table(part("target"), file);
  if (certificate.contains("instance")) return same_instance(part("instance"), file);
  return same_model(read_layers(part("model")), model_of_file(file));
}

/// The files that a certificate of this kind is made from; a table only where the target is one.
std::vector<std::string> roles_of(const Json& certificate) {
  const Json& kind = member(certificate, "kind", "certificate");
  if (kind == "memorization" || kind == "prefix") return {"model", "data"};
  if (kind == "supremum" &&
      member(member(certificate, "target", "certificate"), "name", "target") == "table") {
    return {"model", "table"};
  }
  return {"model"};
}

bool is_digest(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

[[noreturn]] void reject_input(const GivenInput& given, const std::string& why) {
  reject(given.role + ": " + given.path + why);
}

}  // namespace

void check_inputs(const Json& certificate, const std::vector<GivenInput>& inputs, CheckReport& report) {
  const std::vector<std::string> roles = roles_of(certificate);
  const auto is_role = [&](const std::string& role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  };
  const Json named = certificate.contains("inputs") ? certificate["inputs"] : Json::object();
  require(named.is_object(), "inputs: an object is needed");
  for (const auto& [role, digest] : named.items()) {
    require(is_role(role), "inputs: a file that a certificate of this kind is not made from");
    require(is_digest(digest), "inputs: 64 lower-case hexadecimal digits are needed");
  }
  for (const GivenInput& input : inputs) {
    if (!is_role(input.role)) reject(input.role + ": the certificate is not made from such a file");
  }
  for (const std::string& role : roles) {
    const std::string digest = named.contains(role) ? named[role].get<std::string>() : "";
    std::string line = role + " " + (digest.empty() ? "named by no hash" : "SHA-256 " + digest);
    const auto given = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const GivenInput& input) { return input.role == role; });
    if (given == inputs.end()) {
      line += ", not compared";
      report.trusted += "; that its " + role + " is the one in question (--";
      report.trusted += role + " FILE compares it)";
    } else {
      if (!digest.empty() && sha256(given->content) != digest) {
        reject_input(*given, " is another file than the certificate names: its SHA-256 differs");
      }
      if (given->path.ends_with(".safetensors")) {
        if (digest.empty())
          reject(role + ": the certificate names no hash to compare " + given->path + " with");
        line += ", that of " + given->path;
        report.trusted += "; that the certificate's " + role + " is the one in " + given->path +
                          " (.safetensors files are compared by their hash alone)";
      } else {
        if (!same_content(certificate, role, parse_json(given->content, given->path))) {
          reject_input(*given, " holds another " + role + " than the certificate");
        }
        line += digest.empty() ? ", the same as in " + given->path
                               : ", that of " + given->path + ", which holds the same " + role;
      }
    }
    report.inputs += (report.inputs.empty() ? "" : "; ") + line;
  }
}

}  // namespace promptbound::checker
