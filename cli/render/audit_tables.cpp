// The tables of audit.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/cli/render/audit.hpp>
#include <promptbound/cli/render/record_view.hpp>

namespace promptbound {
namespace {

Cell cell(const FastInterval& x) { return quantity(x); }

template <class Write>
void for_each_head(const Audit& audit, Write write) {
  for (std::size_t l = 0; l < audit.heads.size(); ++l) {
    for (std::size_t h = 0; h < audit.heads[l].size(); ++h) {
      write(std::to_string(l), std::to_string(h), audit.heads[l][h]);
    }
  }
}

void write_entries(const Audit& audit, TableWriter& writer) {
  writer.begin("Prompt-induced queries, keys and values, on the prompt's own tokens (4.1)",
               {{"layer"},
                {"head"},
                {"max |Q|", true},
                {"max |K|", true},
                {"max |V|", true},
                {"max ||q||", true},
                {"max ||k||", true},
                {"max ||v||", true},
                {"B/sqrt(ln T)", true}});
  for_each_head(audit, [&](const std::string& l, const std::string& h, const AuditHead& head) {
    if (!head.prompt) return;
    const PromptHead& prompt = *head.prompt;
    writer.row({l, h, cell(prompt.query.entry), cell(prompt.key.entry), cell(prompt.value.entry),
                cell(prompt.query.norm), cell(prompt.key.norm), cell(prompt.value.norm),
                Quantity(*head.ratio_prompt)});
  });
  writer.end();
}

void write_any_entries(const Audit& audit, TableWriter& writer) {
  writer.begin(
      "Queries, keys and values of any token, upper bounds (4.1)",
      {{"layer"}, {"head"}, {"max |Q|", true}, {"max |K|", true}, {"max |V|", true}, {"B/sqrt(ln T)", true}});
  for_each_head(audit, [&](const std::string& l, const std::string& h, const AuditHead& head) {
    writer.row({l, h, cell(head.norms.query_entry), cell(head.norms.key_entry), cell(head.norms.value_entry),
                Quantity(head.ratio_any)});
  });
  writer.end();
}

void write_polynomials(const Audit& audit, const AuditQuestion& question, TableWriter& writer) {
  writer.begin(fmt::format("Polynomial attention at relative accuracy {} (4.2)", question.eta.str()),
               {{"layer"},
                {"head"},
                {"tokens"},
                {"S", true},
                {"degree", true},
                {"rank", true},
                {"cost", true},
                {"exact cost", true},
                {"pays from T", true}});
  for_each_head(audit, [&](const std::string& l, const std::string& h, const AuditHead& head) {
    const auto row = [&](const char* tokens, const PolynomialRow& polynomial) {
      writer.row({l, h, std::string(tokens), cell(polynomial.S), output_cell(polynomial.record, "degree"),
                  output_cell(polynomial.record, "rank"), output_cell(polynomial.record, "polynomial_cost"),
                  output_cell(polynomial.record, "exact_cost"), output_cell(polynomial.record, "crossover")});
    };
    if (head.polynomial_prompt) row("prompt", *head.polynomial_prompt);
    row("any", head.polynomial_any);
  });
  writer.end();
}

void write_structure(const Audit& audit, TableWriter& writer) {
  writer.begin("Spectral norms of the heads (3.1)",
               {{"layer"}, {"head"}, {"||A_h||", true}, {"||V_h||", true}});
  for_each_head(audit, [&](const std::string& l, const std::string& h, const AuditHead& head) {
    writer.row({l, h, head.norms.A ? cell(*head.norms.A) : Cell(std::string("-")), cell(head.norms.V)});
  });
  writer.end();
  writer.begin("Layers: radii and Lipschitz constants (3.1)", {{"layer"},
                                                               {"R attention", true},
                                                               {"c", true},
                                                               {"norm", true},
                                                               {"R ffn", true},
                                                               {"||W_1||", true},
                                                               {"||W_2||", true},
                                                               {"g", true},
                                                               {"norm'", true},
                                                               {"R out", true}});
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    const LayerMatrixNorms& layer = audit.norms.layers[l];
    writer.row({std::to_string(l), cell(layer.R_attention), cell(layer.c), cell(layer.norm_1),
                cell(layer.R_ffn), cell(layer.W_1), cell(layer.W_2), cell(layer.g), cell(layer.norm_2),
                cell(layer.R_out)});
  }
  writer.end();
}

std::string size_in_words(const Audit& audit) {
  const AuditAdapter& adapter = *audit.adapter;
  if (audit.prompt_length > 0) {
    return fmt::format("{} tokens of {} entries of {} bits", audit.prompt_length, audit.config.width,
                       adapter.entry_bits);
  }
  const std::string stored = fmt::format("{} numbers, {} bits", adapter.numbers, adapter.bits);
  if (!adapter.prefix.empty()) {
    return fmt::format(
        "{}: {} keys and values before those of the tokens, in {} layers of {} heads of keys, {}",
        adapter.kind, adapter.length, audit.config.layers, audit.config.key_heads, stored);
  }
  if (adapter.tasks > 0) {
    return fmt::format(
        "{}: {} tokens shared by {} tasks, which products of theirs (not evaluated) make prompts, {}",
        adapter.kind, adapter.length, adapter.tasks, stored);
  }
  std::size_t least = adapter.updates.front().rank, most = least;
  for (const auto& update : adapter.updates) {
    least = std::min(least, update.rank);
    most = std::max(most, update.rank);
  }
  const std::string rank =
      least == most ? fmt::format("rank {}", most) : fmt::format("ranks {} to {}", least, most);
  return fmt::format("{}: updates of {} maps, {}, {}", adapter.kind, adapter.updates.size(), rank, stored);
}

void write_prefix(const Audit& audit, TableWriter& writer) {
  writer.begin("Keys and values of the prefix (2.2)", {{"layer"},
                                                       {"head of keys"},
                                                       {"max |K|", true},
                                                       {"max |V|", true},
                                                       {"max ||k||", true},
                                                       {"max ||v||", true}});
  const auto& layers = audit.adapter->prefix;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    for (std::size_t h = 0; h < layers[l].size(); ++h) {
      const PrefixHead& head = layers[l][h];
      writer.row({std::to_string(l), std::to_string(h), cell(head.key.entry), cell(head.value.entry),
                  cell(head.key.norm), cell(head.value.norm)});
    }
  }
  writer.end();
}

/// What was audited and asked, and what the user vouches for: before any number, in every format.
void write_question(const Audit& audit, const AuditQuestion& question, TableWriter& writer) {
  const ModelConfig& config = audit.config;
  writer.begin("Model, prompt and question", {{"item"}, {"value"}});
  writer.row({"model", question.model});
  writer.row({"model_type", fmt::format("{} ({}-like)", config.type, name(config.family))});
  writer.row(
      {"architecture",
       fmt::format("{} layers of {} heads of width {} ({} of keys), d = {}, hidden {}, {}, vocabulary {}, "
                   "{} positions",
                   config.layers, config.heads, config.head_width, config.key_heads, config.width,
                   config.hidden, name(config.activation), config.vocabulary, config.positions)});
  std::string said;
  for (const std::string& trait : traits(config)) said += (said.empty() ? "" : "; ") + trait;
  writer.row({"what a layer is", said});
  writer.row({"parameters", audit.parameters.str() + ", from the embeddings to the last norm"});
  if (audit.adapter) {
    const AuditAdapter& adapter = *audit.adapter;
    const std::string what = audit.prompt_length > 0 ? "prompt" : "adapter";
    writer.row({what, question.prompt});
    writer.row({what + " for", adapter.base_model.empty()
                                   ? "not said by its adapter_config.json"
                                   : adapter.base_model + ", by its adapter_config.json"});
    writer.row({what + "'s size", size_in_words(audit)});
  }
  writer.row({"T", audit.T.str() + (question.context == 0 ? " (default: all positions)" : "")});
  writer.row({"eta", question.eta.str()});
  if (audit.prompt_length > 0) {
    writer.row({"Delta", question.Delta.str()});
    writer.row({"eps", question.eps.str()});
  }
  for (const Assumption& assumption : audit.assumptions) {
    writer.row({std::string(name(assumption.status)),
                assumption.text + ": every number below is conditional on it"});
  }
  writer.end();
}

}  // namespace

void write_audit(const Audit& audit, const AuditQuestion& question, TableWriter& writer) {
  for (const std::string& sentence : audit_words(audit)) writer.paragraph(sentence);
  write_question(audit, question, writer);
  writer.paragraph(
      "Every number is certified: an enclosure of what the formula gives for the weights as stored, in real "
      "arithmetic.");
  if (!audit.theorems.empty()) {
    writer.begin("The theorems and this model",
                 {{"item"}, {"what"}, {"value", true}, {"meaning"}, {"status"}, {"proof"}});
  }
  for (const TheoremRow& row : audit.theorems) {
    writer.row({std::string(row.theory), std::string(row.what), row.value, row.instead, row.why,
                row.proof.empty() ? "" : row.proof.front().text()});
  }
  if (!audit.theorems.empty()) writer.end();
  if (audit.adapter && !audit.adapter->prefix.empty()) write_prefix(audit, writer);
  if (question.config_only) return;
  if (writer.has_figures()) {
    for (const Figure& figure : audit_figures(audit)) writer.figure(figure);
  }
  if (audit.prompt_length > 0) write_entries(audit, writer);
  write_any_entries(audit, writer);
  write_polynomials(audit, question, writer);
  write_structure(audit, writer);
}

}  // namespace promptbound
