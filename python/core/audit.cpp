// Audits of real models, whole and layer by layer.
#include <pybind11/stl.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/audit_checkpoint.hpp>
#include <promptbound/cli/render/audit.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/audit/layer_norms_json.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// Layers' norms as JSON texts, by number.
using NormTexts = std::map<std::size_t, std::string>;

KnownNorms norms_of(const NormTexts& texts) {
  KnownNorms norms;
  for (const auto& [layer, text] : texts) norms[layer] = layer_norms_from(parse_json(text, "norms"), "norms");
  return norms;
}

NormTexts texts_of(const KnownNorms& norms) {
  NormTexts texts;
  for (const auto& [layer, of_layer] : norms) texts[layer] = layer_norms_json(of_layer).dump();
  return texts;
}

/// checkpoint: a file to go on from and to keep the layers' norms in; or else `known` are those that are not
/// to be computed, of which the file `source` says `of_source`.
std::string audit(const std::string& model, const std::string& prompt, py::handle context, py::handle eta,
                  py::handle Delta, py::handle eps, const std::vector<std::string>& assume_inert, long digits,
                  int threads, const std::vector<std::vector<std::size_t>>& texts, py::handle radius,
                  const std::string& checkpoint, const NormTexts& known, const std::string& source,
                  std::size_t of_source) {
  const auto positive = [](py::handle value, const std::string& option) {
    Rational number = rational_of(value, option);
    if (number <= 0) throw InputError(option + ": '" + number.str() + "' (accepted: a number > 0)");
    return number;
  };
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  AuditQuestion question{
      model,        prompt, 0, positive(eta, "--eta"), positive(Delta, "--Delta"), positive(eps, "--eps"),
      assume_inert, threads};
  if (!context.is_none()) {
    const Rational T = rational_of(context, "--context");
    if (!is_integer(T) || T < 1)
      throw InputError("--context: '" + T.str() + "' (accepted: a whole number of tokens)");
    question.context = numerator(T);
  }
  const Rational r = rational_of(radius, "radius");
  if (r < 0) throw InputError("radius: " + r.str() + " (accepted: a number >= 0)");
  question.texts = texts;
  question.radius = FastInterval(r).upper();
  question.known = {norms_of(known), source, of_source};
  return interruptible([=](Running&) mutable {
    if (!checkpoint.empty()) use_audit_checkpoint(checkpoint, true, question);
    std::string answer = audit_json(audit_model(question), question, digits);
    // Only now nothing can be lost any more.
    if (!checkpoint.empty()) std::filesystem::remove(checkpoint);
    return answer;
  });
}

/// (what names the model's files and this version, the number of its layers)
py::tuple audited(const std::string& model, const std::vector<std::string>& assume_inert) {
  const auto [identity, layers] = interruptible([=](Running&) {
    const std::size_t count = read_configuration(model, assume_inert).layers;
    return std::make_pair(audited_model(model, assume_inert).dump(), count);
  });
  return py::make_tuple(identity, layers);
}

std::string norms_text(const std::string& model, const std::vector<std::string>& assume_inert,
                       std::size_t layer) {
  return interruptible([=](Running&) {
    return layer_norms_json(norms_of_layer(LanguageModel(model, assume_inert), layer)).dump();
  });
}

}  // namespace

void add_audit(py::module_& module) {
  module.def("audit", audit);
  module.def("audited", audited);
  module.def("layer_norms", norms_text);
  module.def("audit_checkpoint", [](const NormTexts& norms, const std::string& model) {
    return audit_checkpoint_json(norms_of(norms), parse_json(model, "model")).dump(1);
  });
  module.def("audit_checkpoint_norms", [](const std::string& text, const std::string& model,
                                          std::size_t layers, const std::string& where) {
    return texts_of(known_norms_from(parse_json(text, where), parse_json(model, "model"), layers, where));
  });
}

}  // namespace promptbound::python
