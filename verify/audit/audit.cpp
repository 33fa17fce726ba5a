#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/models/tensor_names.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/audit/local_rows.hpp>
#include <promptbound/verify/audit/rows.hpp>

namespace promptbound {
namespace {

PolynomialRow polynomial(const Audit& audit, const AuditQuestion& question, const FastInterval& S) {
  const auto bound = finite_argument(S);
  if (!bound) {
    return {S, not_computed("polynomial-degree", "the scores are bounded", "no finite bound on the scores")};
  }
  Arguments arguments;
  arguments.set(parameters::S.name, *bound);
  arguments.set(parameters::T.name, audit.T);
  arguments.set(parameters::d.name, audit.config.head_width);
  arguments.set(parameters::eta.name, question.eta);
  return {S, evaluate(find_bound("polynomial-degree"), arguments, row_digits)};
}

std::vector<std::vector<AuditHead>> audit_heads(const Audit& audit, const AuditQuestion& question,
                                                const std::vector<std::vector<PromptHead>>& pass) {
  std::vector<std::vector<AuditHead>> layers;
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    std::vector<AuditHead>& heads = layers.emplace_back();
    for (std::size_t h = 0; h < audit.norms.layers[l].heads.size(); ++h) {
      AuditHead head;
      head.norms = audit.norms.layers[l].heads[h];
      head.B_any = max(max(head.norms.query_entry, head.norms.key_entry), head.norms.value_entry);
      head.ratio_any = threshold_ratio(audit, head.B_any);
      head.polynomial_any = polynomial(audit, question, head.norms.centred_score);
      if (l < pass.size()) {
        const PromptHead& prompt = pass[l][h];
        head.prompt = prompt;
        head.B_prompt = max(max(prompt.query.entry, prompt.key.entry), prompt.value.entry);
        head.ratio_prompt = threshold_ratio(audit, *head.B_prompt);
        head.polynomial_prompt = polynomial(audit, question, prompt.centred_score);
      }
      heads.push_back(std::move(head));
    }
  }
  return layers;
}

/// What proves the rows that apply, by what they say.
Proofs proofs_of_rows(const std::vector<TheoremRow>& rows) {
  std::vector<ProofStatus> proofs;
  for (const TheoremRow& row : rows) {
    for (const ProofStatus& proof : row.proof) proofs.push_back(proof.of({row.what}));
  }
  return proofs;
}

/// Within a window the model is the one without a window.
void check_window(const Audit& audit, const AuditQuestion& question) {
  const auto window = audit.config.window;
  if (!window || audit.T <= *window) return;
  throw InputError(
      fmt::format("{}: sliding_window is {}, shorter than the context of {} tokens (accepted: "
                  "--context up to {})",
                  question.model, *window, audit.T.str(), *window));
}

/// What the user vouches for, and every one of it for a member that was there and not known.
std::vector<Assumption> assumptions(const AuditQuestion& question, const std::vector<std::string>& of_model,
                                    const std::vector<std::string>& of_prompt) {
  std::vector<Assumption> result;
  const auto add = [&](const std::string& name, const std::vector<std::string>& members, const char* file) {
    if (std::find(members.begin(), members.end(), name) == members.end()) return false;
    result.push_back({fmt::format("the member {} of {} changes nothing", name, file), Status::assumed});
    return true;
  };
  for (const std::string& name : question.assumed_inert) {
    const bool is_of_model = add(name, of_model, "config.json");
    if (!add(name, of_prompt, "adapter_config.json") && !is_of_model) {
      throw InputError("--assume-inert " + name +
                       ": nothing is to be assumed of it (accepted: a member that is there and not known)");
    }
  }
  if (const KnownLayers& known = question.known; known.of_source > 0) {
    result.push_back({fmt::format("{} says the norms of {} of the layers as this version computes them",
                                  known.source, known.of_source),
                      Status::assumed});
  }
  return result;
}

}  // namespace

Quantity quantity(const FastInterval& x) { return Quantity(Interval(x)); }

Quantity lipschitz_quantity(const ModelNorms& norms) {
  const Interval log10 = norms.log_lipschitz / interval_log10();
  if (certainly_less(Interval(21), log10)) return Magnitude{log10};
  return exp(norms.log_lipschitz);
}

namespace {

TokenSize size_of_columns(const Matrix<double>& X) {
  return {FastInterval(X.cwiseAbs().maxCoeff()), largest_token(X)};
}

AuditAdapter described(const PromptAdapter& prompt) {
  const auto m = static_cast<std::size_t>(prompt.tokens.cols());
  const auto numbers = static_cast<std::size_t>(prompt.tokens.size());
  const std::size_t entry = 8 * size_of(prompt.type);
  return {"PROMPT_TUNING", prompt.base_model, m, numbers, numbers * entry, entry, {}, {}};
}
AuditAdapter described(const PrefixAdapter& prefix) {
  AuditAdapter adapter{
      "PREFIX_TUNING", prefix.base_model, prefix.length, 0, 0, 8 * size_of(prefix.type), {}, {}};
  for (const auto& heads : prefix.layers) {
    adapter.prefix.emplace_back();
    for (const PrefixAdapter::Head& head : heads) {
      adapter.prefix.back().push_back({size_of_columns(head.keys), size_of_columns(head.values)});
      adapter.numbers += static_cast<std::size_t>(head.keys.size() + head.values.size());
    }
  }
  adapter.bits = adapter.numbers * adapter.entry_bits;
  return adapter;
}
AuditAdapter described(const LowRankAdapter& update) {
  return {"LORA", update.base_model, 0, update.numbers, update.bits, update.entry_bits, {}, update.updates};
}

AuditAdapter described(const MultitaskAdapter& of) {
  return {"MULTITASK_PROMPT_TUNING",
          of.base_model,
          of.length,
          of.numbers,
          of.bits,
          of.entry_bits,
          {},
          {},
          of.tasks};
}

/// Reads the model, its weights too unless that is not wanted.
struct OpenedModel {
  explicit OpenedModel(const AuditQuestion& question) {
    if (question.config_only) {
      config = read_configuration(question.model, question.assumed_inert);
    } else {
      weights.emplace(question.model, question.assumed_inert);
      config = weights->config();
    }
  }
  std::optional<LanguageModel> weights;
  ModelConfig config;
};

}  // namespace

Audit audit_model(const AuditQuestion& question) {
  const OpenedModel model(question);
  Audit audit;
  audit.config = model.config;
  audit.parameters = parameter_count(audit.config);
  audit.T = question.context == 0 ? Integer(audit.config.positions) : question.context;
  Matrix<double> prompt(static_cast<Index>(audit.config.width), 0);
  std::vector<std::string> of_adapter;
  if (!question.prompt.empty()) {
    Adapter adapter = read_adapter(question.prompt, audit.config, question.assumed_inert);
    audit.adapter = std::visit([](const auto& one) { return described(one); }, adapter);
    of_adapter = std::visit([](const auto& one) { return one.assumed_inert; }, adapter);
    if (auto* soft = std::get_if<PromptAdapter>(&adapter)) prompt = std::move(soft->tokens);
  }
  audit.prompt_length = static_cast<std::size_t>(prompt.cols());
  const Integer least = std::max<Integer>(2, Integer((audit.adapter ? audit.adapter->length : 0) + 1));
  if (audit.T < least || audit.T > audit.config.positions) {
    throw InputError(fmt::format("--context: {} (accepted: {} to {}, the model's positions)", audit.T.str(),
                                 least.str(), audit.config.positions));
  }
  check_window(audit, question);
  audit.assumptions = assumptions(question, audit.config.assumed_inert, of_adapter);
  audit.verdict = Verdict::computed;
  if (model.weights) {
    ModelSweep measured =
        sweep_layers(*model.weights, prompt, question.threads, question.known.norms, question.on_layer);
    audit.norms = std::move(measured.norms);
    audit.heads = audit_heads(audit, question, measured.prompt);
    if (!measured.undecided.empty()) audit.verdict = Verdict::unknown;
    audit.why = measured.undecided;
    add_model_rows(audit);
  }
  if (audit.adapter) add_adapter_rows(audit, question, prompt);
  if (model.weights) add_local_rows(audit, question, *model.weights, prompt);
  for (Record& record : audit.records) {
    for (const Assumption& assumption : audit.assumptions) record.assumptions.push_back(assumption);
  }
  audit.proof = proofs_of_rows(audit.theorems);
  return audit;
}

}  // namespace promptbound
