#include <promptbound/cli/render/recall.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/numeric/decimal.hpp>

namespace promptbound {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string word(Verdict verdict) {
  switch (verdict) {
    case Verdict::proved:
      return "recalled";
    case Verdict::refuted:
      return "not recalled";
    default:
      return "unknown";
  }
}

Cell number(const FastInterval& x) {
  if (!x.is_finite()) return Absent{"not enclosed", true};
  return Quantity(Interval(x));
}
OrderedJson number_json(const FastInterval& x, long digits) {
  if (!x.is_finite()) return nullptr;
  return quantity_json(Quantity(Interval(x)), digits);
}

/// The positions at which the verdict is this one.
std::size_t count_of(const SequenceRecall& one, Verdict PositionRecall::*verdict, Verdict wanted) {
  return static_cast<std::size_t>(
      std::count_if(one.positions.begin(), one.positions.end(),
                    [&](const PositionRecall& p) { return p.*verdict == wanted; }));
}

FastInterval least_margin(const SequenceRecall& one, FastInterval PositionRecall::*margin) {
  FastInterval least = one.positions.front().*margin;
  for (const PositionRecall& position : one.positions) least = min(least, position.*margin);
  return least;
}

const PositionRecall* first_not_recalled(const SequenceRecall& one) {
  const auto found = std::find_if(one.positions.begin(), one.positions.end(),
                                  [](const PositionRecall& p) { return p.verdict == Verdict::refuted; });
  return found == one.positions.end() ? nullptr : &*found;
}

/// Counted from 1.
std::size_t first_place(const SequenceRecall& one) {
  return 1 + static_cast<std::size_t>(first_not_recalled(one) - one.positions.data());
}

/// `recalled`, `not recalled at token 3, where 17 wins`, `unknown at 2 tokens`.
std::string verdict_text(const SequenceRecall& one) {
  const Verdict verdict = one.verdict();
  if (verdict == Verdict::refuted) {
    return fmt::format("not recalled at token {}, where the logit of {} is as large", first_place(one),
                       first_not_recalled(one)->rival);
  }
  if (verdict == Verdict::unknown) {
    return fmt::format("unknown at {} tokens", count_of(one, &PositionRecall::verdict, Verdict::unknown));
  }
  return "recalled";
}

std::string formats_text(const RecallQuestion& question) {
  std::string text;
  if (question.prompt_as) text += fmt::format(", each prompt rounded to {} first", name(*question.prompt_as));
  return text;
}

/// Of drawn sequences, those that some prompt recalls.
std::size_t recalled_sequences(const RecallQuestion& question, const Recall& recall) {
  std::vector<bool> is_recalled(question.sequences.size(), false);
  for (const SequenceRecall& one : recall.sequences) {
    if (one.verdict() == Verdict::proved) is_recalled[one.sequence] = true;
  }
  return static_cast<std::size_t>(std::count(is_recalled.begin(), is_recalled.end(), true));
}

/// l log2 v, and theory 2.7 for the longest prompt.
struct Capacity {
  Interval drawn_bits;
  std::optional<Record> accessible;
  Integer stored_bits = 0;
};

Capacity capacity_of(const Recall& recall, const Drawn& drawn) {
  Capacity result{
      Interval(static_cast<long>(drawn.length)) * log2(Interval(static_cast<long>(recall.vocabulary))),
      std::nullopt, 0};
  const PromptFacts* longest = nullptr;
  for (const PromptFacts& prompt : recall.prompts) {
    if (prompt.tokens > 0 &&
        (longest == nullptr || prompt.tokens * prompt.entry_bits > longest->tokens * longest->entry_bits)) {
      longest = &prompt;
    }
  }
  if (longest == nullptr) return result;
  result.stored_bits = Integer(longest->tokens) * recall.width * longest->entry_bits;
  Arguments arguments;
  arguments.set(parameters::w.name, Integer(recall.width));
  arguments.set(parameters::v.name, Integer(recall.vocabulary));
  arguments.set(parameters::b.name, Integer(longest->entry_bits));
  arguments.set(parameters::m.name, Integer(longest->tokens));
  result.accessible = evaluate(find_bound("accessible-length"), arguments, 20);
  return result;
}

/// What all N drawn sequences being recalled says (theory 3.5): (1/20)^(1/N), rounded down.
std::string share_at_95(std::size_t count) {
  const Rational beta(1, 20);
  if (count == 1) return decimal(beta, 4, Direction::down);
  return lower_decimal(power(Interval(beta), Rational(1, static_cast<long>(count))), 4);
}

/// Is something said of it? Every sequence is recalled, by a prompt.
bool says_share(const RecallQuestion& question, const Recall& recall, const Drawn& drawn) {
  return recalled_sequences(question, recall) == drawn.count && recall.prompts.front().tokens > 0;
}

std::vector<std::string> drawn_words(const RecallQuestion& question, const Recall& recall,
                                     const Drawn& drawn) {
  const Capacity capacity = capacity_of(recall, drawn);
  const std::size_t recalled = recalled_sequences(question, recall);
  std::vector<std::string> words;
  words.push_back(
      fmt::format("Drawn: {} sequences of {} tokens, uniformly from the {} tokens of the vocabulary "
                  "(SplitMix64 from seed {}): {} bits "
                  "each, l log2 v. {} of {} are recalled by a prompt given.",
                  drawn.count, drawn.length, recall.vocabulary, drawn.seed,
                  readable(Quantity(capacity.drawn_bits), 6), recalled, drawn.count));
  if (capacity.accessible && capacity.accessible->is_applicable()) {
    words.push_back(
        fmt::format("The longest prompt stores {} bits, m w b: it cannot choose freely among all texts of "
                    "more than {} tokens (2.7). The "
                    "chance that any prompt of that size recalls one drawn sequence of l tokens is below "
                    "2^(m w b + 1) v^-l.",
                    capacity.stored_bits.str(), readable(capacity.accessible->output("longest"), 6)));
  }
  if (says_share(question, recall, drawn)) {
    words.push_back(
        fmt::format("All of them being recalled, at least a share {} of all sequences of {} tokens is "
                    "recallable by prompts of this "
                    "kind, at confidence 95% over the draw (beta^(1/N), beta = 1/20; if the prompts depend "
                    "on nothing but their "
                    "sequences).",
                    share_at_95(drawn.count), drawn.length));
  } else if (recalled < drawn.count) {
    words.emplace_back("Not all of them being recalled, nothing is said of the share that is recallable.");
  }
  for (const std::string& line : drawn.published) words.push_back(line);
  return words;
}

std::vector<std::string> words_of(const RecallQuestion& question, const Recall& recall,
                                  const std::optional<Drawn>& drawn) {
  std::vector<std::string> words = {
      fmt::format("{}: {}{} (theory 3.5).", name(recall.verdict), recall.why, formats_text(question))};
  if (question.binary32) {
    std::size_t real = 0, both = 0;
    for (const SequenceRecall& one : recall.sequences) {
      for (const PositionRecall& position : one.positions) {
        if (position.verdict != Verdict::proved) continue;
        ++real;
        if (position.in_binary32 == Verdict::proved) ++both;
      }
    }
    words.push_back(fmt::format(
        "Of {} tokens that are recalled over the real numbers, {} are recalled by every "
        "evaluation of the model's formulas in "
        "binary32: operations rounded to nearest, sums in any order, fused or not, mean and then "
        "variance in the norms, exp, "
        "tanh, erf, sin, cos and powers within 4 units in the last place, subnormal numbers kept "
        "or flushed{}.",
        real, both,
        both == real ? ""
                     : fmt::format("; the other {} are decided over the real numbers only", real - both)));
  }
  if (question.radius > 0) {
    std::size_t within = 0;
    for (const SequenceRecall& one : recall.sequences) within += one.in_radius() == Verdict::proved ? 1 : 0;
    words.push_back(fmt::format(
        "{} of {} sequences are recalled by every prompt each token of which is within {} of the prompt's{}.",
        within, recall.sequences.size(), decimal(Rational(question.radius), 6, Direction::down),
        question.binary32 ? ", in every such evaluation" : ""));
  }
  if (!recall.beyond_balls.empty()) {
    words.push_back("Balls do not model " + recall.beyond_balls + ": intervals of many bits decide instead.");
  }
  if (recall.interval_bits > 0) {
    std::size_t count = 0;
    for (const SequenceRecall& one : recall.sequences) {
      for (const PositionRecall& position : one.positions) count += position.by_intervals ? 1 : 0;
    }
    words.push_back(fmt::format("{} tokens were decided by intervals of up to {} bits, all others by balls.",
                                count, recall.interval_bits));
  }
  if (drawn) {
    const std::vector<std::string> more = drawn_words(question, recall, *drawn);
    words.insert(words.end(), more.begin(), more.end());
  } else {
    words.emplace_back(
        "Texts that were chosen say nothing of a prompt's capacity: what the model predicts by itself needs "
        "no prompt. Their "
        "cross-entropy is that of the model with this prompt.");
  }
  return words;
}

}  // namespace

void write_recall(const RecallQuestion& question, const Recall& recall, const std::optional<Drawn>& drawn,
                  TableWriter& writer) {
  std::string paragraph;
  for (const std::string& sentence : words_of(question, recall, drawn)) paragraph += sentence + "\n";
  writer.paragraph(paragraph);
  std::vector<Column> columns = {{"prompt"},  {"sequence"},           {"tokens"},
                                 {"verdict"}, {"least margin", true}, {"cross-entropy, bits", true}};
  if (question.binary32) {
    columns.push_back({"in binary32"});
    columns.push_back({"least margin in binary32", true});
  }
  if (question.radius > 0) columns.push_back({"within the radius"});
  if (question.largest_radius) columns.push_back({"recalled within"});
  writer.begin("Sequences", columns);
  for (const SequenceRecall& one : recall.sequences) {
    const std::string prompt = question.prompts.empty() ? "none" : question.prompts[one.prompt];
    std::vector<Cell> cells = {prompt,
                               std::to_string(one.sequence),
                               std::to_string(one.positions.size()),
                               verdict_text(one),
                               number(least_margin(one, &PositionRecall::margin)),
                               number(one.bits())};
    if (question.binary32) {
      cells.emplace_back(fmt::format("{} ({} of {} tokens)", word(one.in_binary32()),
                                     count_of(one, &PositionRecall::in_binary32, Verdict::proved),
                                     one.positions.size()));
      cells.push_back(number(least_margin(one, &PositionRecall::margin_binary32)));
    }
    if (question.radius > 0) cells.emplace_back(word(one.in_radius()));
    if (one.largest_radius) {
      cells.emplace_back(decimal(Rational(*one.largest_radius), 4, Direction::down));
    } else if (question.largest_radius) {
      cells.emplace_back(Absent{"none found", true});
    }
    writer.row(cells);
  }
  writer.end();
  // The tokens of one sequence are a table that can be read; of many, only for programs.
  if (recall.sequences.size() == 1) {
    const SequenceRecall& one = recall.sequences.front();
    writer.begin("Tokens",
                 {{"place"}, {"token"}, {"verdict"}, {"margin", true}, {"nearest other"}, {"bits", true}});
    for (std::size_t k = 0; k < one.positions.size(); ++k) {
      const PositionRecall& position = one.positions[k];
      writer.row({std::to_string(k + 1), std::to_string(question.sequences[one.sequence].tokens[k]),
                  word(position.verdict), number(position.margin), std::to_string(position.rival),
                  number(position.bits)});
    }
    writer.end();
  }
  writer.paragraph("");
  write_proof(recall.proof.statuses(), "3.5", writer);
}

std::string recall_json(const RecallQuestion& question, const Recall& recall,
                        const std::optional<Drawn>& drawn, long digits) {
  OrderedJson sequences = OrderedJson::array();
  for (const SequenceRecall& one : recall.sequences) {
    OrderedJson entry = {{"prompt", nullptr},
                         {"sequence", one.sequence},
                         {"start", question.sequences[one.sequence].start},
                         {"verdict", word(one.verdict())},
                         {"bits", number_json(one.bits(), digits)},
                         {"in_binary32", nullptr},
                         {"in_radius", nullptr},
                         {"largest_radius", nullptr},
                         {"tokens", OrderedJson::array()}};
    if (!question.prompts.empty()) entry["prompt"] = question.prompts[one.prompt];
    if (question.binary32) entry["in_binary32"] = word(one.in_binary32());
    if (question.radius > 0) entry["in_radius"] = word(one.in_radius());
    if (one.largest_radius)
      entry["largest_radius"] = decimal(Rational(*one.largest_radius), digits, Direction::down);
    for (std::size_t k = 0; k < one.positions.size(); ++k) {
      const PositionRecall& position = one.positions[k];
      OrderedJson token = {
          {"token", question.sequences[one.sequence].tokens[k]}, {"verdict", word(position.verdict)},
          {"margin", number_json(position.margin, digits)},      {"rival", position.rival},
          {"bits", number_json(position.bits, digits)},          {"by_intervals", position.by_intervals}};
      if (question.binary32) {
        token["in_binary32"] = word(position.in_binary32);
        token["margin_binary32"] = number_json(position.margin_binary32, digits);
      }
      if (question.radius > 0) token["in_radius"] = word(position.in_radius);
      entry["tokens"].push_back(std::move(token));
    }
    sequences.push_back(std::move(entry));
  }
  OrderedJson members = {{"model", question.model},
                         {"width", recall.width},
                         {"vocabulary", recall.vocabulary},
                         {"prompt_as", nullptr},
                         {"arithmetic", question.binary32 ? "f32" : "real"},
                         {"radius", nullptr},
                         {"beyond_balls", nullptr},
                         {"interval_bits", recall.interval_bits},
                         {"prompts", OrderedJson::array()},
                         {"sequences", std::move(sequences)},
                         {"drawn", nullptr},
                         {"sentences", words_of(question, recall, drawn)}};
  if (question.prompt_as) members["prompt_as"] = std::string(name(*question.prompt_as));
  if (question.radius > 0) members["radius"] = decimal(Rational(question.radius), 17, Direction::down);
  if (!recall.beyond_balls.empty()) members["beyond_balls"] = recall.beyond_balls;
  for (std::size_t p = 0; p < question.prompts.size(); ++p) {
    members["prompts"].push_back({{"folder", question.prompts[p]},
                                  {"length", recall.prompts[p].tokens},
                                  {"bits_per_entry", recall.prompts[p].entry_bits}});
  }
  if (drawn) {
    const Capacity capacity = capacity_of(recall, *drawn);
    members["drawn"] = {{"seed", drawn->seed},
                        {"count", drawn->count},
                        {"length", drawn->length},
                        {"generator", "SplitMix64"},
                        {"recalled", recalled_sequences(question, recall)},
                        {"bits", quantity_json(Quantity(capacity.drawn_bits), digits)},
                        {"stored_bits", capacity.stored_bits.str()},
                        {"accessible_length", nullptr},
                        {"share_at_95", nullptr}};
    if (capacity.accessible && capacity.accessible->is_applicable()) {
      members["drawn"]["accessible_length"] = quantity_json(capacity.accessible->output("longest"), digits);
    }
    if (says_share(question, recall, *drawn)) members["drawn"]["share_at_95"] = share_at_95(drawn->count);
  }
  return document(answer_json(recall, name(recall.verdict), members));
}

}  // namespace promptbound
