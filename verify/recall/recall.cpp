#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <promptbound/models/prompt_adapter.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/recall/first_order_pass.hpp>
#include <promptbound/verify/recall/interval_pass.hpp>
#include <promptbound/verify/recall/logits.hpp>
#include <promptbound/verify/recall/recall.hpp>

namespace promptbound {
namespace {

/// The balls of all sequences of a pass take 16 bytes an entry, and some more for what a layer makes of them.
constexpr Index most_tokens_at_once = 4096;

/// A sequence behind a prompt, as the model sees it.
struct Run {
  std::size_t prompt, sequence;
  Matrix<double> tokens;  ///< prompt, start and all tokens to be said but the last
  Index prompt_length = 0;
  std::vector<Asked> asked;  ///< columns count from the sequence's first
};

class Model {
 public:
  explicit Model(const RecallQuestion& question)
      : weights(question.model, question.assumed_inert),
        table(causal(weights, question.model), question.model),
        input(weights.input()),
        last(weights.final_norm()) {
    if (!last)
      throw InputError(question.model + ": no norm behind the last layer, which is not modelled here");
  }

  LanguageModel weights;
  Unembedding table;
  InputWeights input;
  std::optional<NormWeights> last;

 private:
  static const LanguageModel& causal(const LanguageModel& model, const std::string& folder) {
    if (!model.config().is_causal()) {
      throw InputError(folder + ": a model of type " + model.config().type +
                       " is not causal, and says no next token");
    }
    return model;
  }
};

void require_binary32(bool holds, const char* what) {
  if (!holds) {
    throw InputError(
        std::string("binary32: ") + what +
        " hold numbers that are none of binary32, so that an evaluation in it is of another model");
  }
}

Run make_run(const Model& model, const Matrix<double>& prompt, std::size_t prompt_place,
             const TokenSequence& sequence, std::size_t place) {
  const ModelConfig& config = model.weights.config();
  const std::size_t m = static_cast<std::size_t>(prompt.cols()), before = m + sequence.start.size();
  const std::string where = "sequence " + std::to_string(place);
  if (before == 0) {
    throw InputError(where +
                     ": nothing stands before its first token (accepted: a prompt, or a start of at least "
                     "one token)");
  }
  const std::size_t length = before + sequence.tokens.size() - 1;
  if (length > config.positions) {
    throw InputError(where + ": " + std::to_string(length) + " tokens with its prompt (accepted: up to " +
                     std::to_string(config.positions) + ", the model's positions)");
  }
  if (config.window && length > *config.window) {
    throw InputError(where + ": " + std::to_string(length) + " tokens with its prompt (accepted: up to " +
                     std::to_string(*config.window) + ", the model's sliding window)");
  }
  Run run{prompt_place,
          place,
          Matrix<double>(static_cast<Index>(config.width), static_cast<Index>(length)),
          prompt.cols(),
          {}};
  if (m > 0) run.tokens.leftCols(prompt.cols()) = prompt;
  std::vector<std::size_t> seen = sequence.start;
  seen.insert(seen.end(), sequence.tokens.begin(), sequence.tokens.end());
  for (const std::size_t id : seen) {
    if (id >= model.table.count()) {
      throw InputError(where + ": token " + std::to_string(id) + " (accepted: 0 to " +
                       std::to_string(model.table.count() - 1) + ")");
    }
  }
  for (std::size_t t = m; t < length; ++t) {
    run.tokens.col(static_cast<Index>(t)) = model.weights.token_embeddings(seen[t - m], 1);
  }
  for (std::size_t k = 0; k < sequence.tokens.size(); ++k) {
    run.asked.push_back({static_cast<Index>(before - 1 + k), sequence.tokens[k]});
  }
  return run;
}

/// Above all others, or one of them is at least as large.
Verdict verdict_of(const FastInterval& margin) {
  return margin.lower() > 0 ? Verdict::proved : margin.upper() <= 0 ? Verdict::refuted : Verdict::unknown;
}
Verdict verdict_of(const PositionLogits& logits) {
  const Verdict verdict = verdict_of(logits.margin());
  return verdict == Verdict::unknown && logits.has_twin ? Verdict::refuted : verdict;
}

FastInterval bits_of(const FastInterval& odds) { return FastInterval(log2(Interval(odds))); }

constexpr std::size_t reals_case = 0;

struct Cases {
  std::vector<BallCase> all;
  std::optional<std::size_t> binary32, radius;

  explicit Cases(const RecallQuestion& question) {
    all.push_back({Rounding::reals(), 0});
    if (question.binary32) {
      binary32 = all.size();
      all.push_back({Rounding::binary32(), 0});
    }
    if (question.radius > 0) {
      radius = all.size();
      all.push_back({question.binary32 ? Rounding::binary32() : Rounding::reals(), question.radius});
    }
  }
};

void note(const std::vector<PositionLogits>& logits, const Cases& cases, PositionRecall& position) {
  const PositionLogits& reals = logits[reals_case];
  position.verdict = verdict_of(reals);
  position.margin = reals.margin();
  position.rival = reals.rival_token;
  position.bits = bits_of(reals.odds);
  if (cases.binary32) {
    position.in_binary32 = verdict_of(logits[*cases.binary32]);
    position.margin_binary32 = logits[*cases.binary32].margin();
  }
  if (cases.radius) {
    // A prompt that does not recall is among those within the radius.
    position.in_radius = position.verdict == Verdict::refuted         ? Verdict::refuted
                         : logits[*cases.radius].margin().lower() > 0 ? Verdict::proved
                                                                      : Verdict::unknown;
  }
}

/// The logits of these runs by balls, for these cases.
std::vector<std::vector<std::vector<PositionLogits>>> ball_logits(const Model& model,
                                                                  const std::vector<const Run*>& runs,
                                                                  const std::vector<BallCase>& cases,
                                                                  bool binary32, int threads) {
  std::vector<BallSequence> sequences;
  sequences.reserve(runs.size());
  for (const Run* run : runs) sequences.push_back({run->tokens, run->prompt_length});
  BallPass pass(model.input, sequences, cases, threads);
  const std::size_t layers = model.weights.config().layers;
  for (std::size_t l = 0; l < layers; ++l) {
    const TrainedLayer weights = model.weights.layer(l);
    if (!beyond_balls(weights).empty()) throw std::logic_error("a layer that balls do not model");
    const BallLayer layer = ball_layer(weights, threads);
    if (binary32) require_binary32(layer.is_binary32, "the weights");
    pass.add(layer);
    tell_work(l + 1, layers + 1);
  }
  const BallNorm last = ball_norm(*model.last);
  const NormedBalls states = pass.normed(last);
  std::vector<Asked> asked;
  for (std::size_t n = 0; n < runs.size(); ++n) {
    for (const Asked& one : runs[n]->asked) asked.push_back({pass.begin(n) + one.column, one.token});
  }
  const auto logits = compare_logits(model.table, states, last, asked, cases, threads);
  tell_work(layers + 1, layers + 1);
  std::vector<std::vector<std::vector<PositionLogits>>> result;
  auto from = logits.begin();
  for (const Run* run : runs) {
    result.emplace_back(from, from + static_cast<std::ptrdiff_t>(run->asked.size()));
    from += static_cast<std::ptrdiff_t>(run->asked.size());
  }
  return result;
}

/// The positions that are still unknown, by intervals at rising precision.
void decide_by_intervals(const Model& model, const Run& run, SequenceRecall& recall, long& most_bits) {
  const auto is_open = [&](std::size_t k) { return recall.positions[k].verdict == Verdict::unknown; };
  const auto attempt = [&]() -> std::optional<bool> {
    most_bits = std::max(most_bits, working_precision());
    std::vector<Asked> asked;
    std::vector<std::size_t> places;
    for (std::size_t k = 0; k < run.asked.size(); ++k) {
      if (!is_open(k)) continue;
      asked.push_back(run.asked[k]);
      places.push_back(k);
    }
    const std::vector<PositionLogits> logits =
        compare_logits(model.table, interval_states(model.weights, model.input, run.tokens), asked);
    bool is_decided = true;
    for (std::size_t p = 0; p < places.size(); ++p) {
      PositionRecall& position = recall.positions[places[p]];
      position.verdict = verdict_of(logits[p]);
      position.margin = logits[p].margin();
      position.rival = logits[p].rival_token;
      position.bits = bits_of(logits[p].odds);
      position.by_intervals = position.verdict != Verdict::unknown;
      if (position.verdict == Verdict::refuted && position.in_radius == Verdict::unknown) {
        position.in_radius = Verdict::refuted;
      }
      is_decided = is_decided && position.by_intervals;
    }
    return is_decided ? std::optional(true) : std::nullopt;
  };
  try {
    (void)at_rising_precision("a logit's margin", first_interval_bits(model.weights.config().layers),
                              attempt);
  } catch (const Undecided&) {
    // What is open stays unknown.
  }
}

/// The margins of a run in one case, carried by derivatives.
std::vector<FastInterval> first_order_margins(const Model& model, const Run& run, const BallCase& one,
                                              int threads) {
  FirstOrderPass pass(model.input, {run.tokens, run.prompt_length}, one, threads);
  for (std::size_t l = 0; l < model.weights.config().layers; ++l) pass.add(model.weights.layer(l));
  return pass.margins(*model.last, model.table, run.asked);
}

bool fits_derivatives(const Model& model, const Run& run) {
  return fits_first_order(model.weights.config().width, static_cast<std::size_t>(run.tokens.cols()),
                          model.weights.config().layers);
}

/// What the balls left unknown of binary32 and of the radius, by derivatives where they fit.
void sharpen(const Model& model, const Run& run, const Cases& cases, int threads, SequenceRecall& recall) {
  if (!fits_derivatives(model, run)) return;
  if (cases.binary32 && recall.in_binary32() == Verdict::unknown) {
    const auto margins = first_order_margins(model, run, cases.all[*cases.binary32], threads);
    for (std::size_t k = 0; k < margins.size(); ++k) {
      PositionRecall& position = recall.positions[k];
      const FastInterval& by_balls = position.margin_binary32;
      position.margin_binary32 = {std::max(by_balls.lower(), margins[k].lower()),
                                  std::min(by_balls.upper(), margins[k].upper())};
      if (position.in_binary32 == Verdict::unknown)
        position.in_binary32 = verdict_of(position.margin_binary32);
    }
  }
  if (cases.radius && recall.in_radius() == Verdict::unknown) {
    const auto margins = first_order_margins(model, run, cases.all[*cases.radius], threads);
    for (std::size_t k = 0; k < margins.size(); ++k) {
      Verdict& verdict = recall.positions[k].in_radius;
      if (verdict == Verdict::unknown && margins[k].lower() > 0) verdict = Verdict::proved;
    }
  }
}

/// Are all positions proved in this case?
bool is_proved(const std::vector<std::vector<PositionLogits>>& positions, std::size_t k) {
  return std::all_of(positions.begin(), positions.end(),
                     [&](const auto& logits) { return logits[k].margin().lower() > 0; });
}

/// The largest radius found for which the run is proved: powers of two first, then a sixteenth of an octave.
std::optional<double> search_radius(const Model& model, const Run& run, const Rounding& rounding,
                                    int threads) {
  const auto largest = [&](double first, double ratio, int count) -> std::optional<double> {
    std::vector<BallCase> cases;
    cases.reserve(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) cases.push_back({rounding, first * std::pow(ratio, k)});
    const auto logits = ball_logits(model, {&run}, cases, rounding.has_running_maximum, threads).front();
    for (std::size_t k = 0; k < cases.size(); ++k) {
      if (is_proved(logits, k)) return cases[k].radius;
    }
    return std::nullopt;
  };
  constexpr double most = 0x1p6, least = 0x1p-63;
  std::optional<double> found = largest(most, 0.5, 70);
  if (!fits_derivatives(model, run)) {
    if (!found) return std::nullopt;
    const std::optional<double> finer = largest(2 * *found, std::exp2(-1.0 / 16), 16);
    return finer ? finer : found;
  }
  const auto holds = [&](double radius) {
    const auto margins = first_order_margins(model, run, {rounding, radius}, threads);
    return std::all_of(margins.begin(), margins.end(), [](const auto& margin) { return margin.lower() > 0; });
  };
  // Octaves by halving their number, sixteenths of the last one likewise.
  const auto last_that_holds = [&](double first, double step, int count) {
    int low = 0, high = count;  // holds at low, not known to hold at high
    while (high - low > 1) {
      const int middle = low + (high - low) / 2;
      (holds(first * std::pow(step, middle)) ? low : high) = middle;
    }
    return first * std::pow(step, low);
  };
  if (!found) {
    if (!holds(least)) return std::nullopt;
    found = least;
  }
  const double octave = last_that_holds(*found, 2, 1 + static_cast<int>(std::log2(most / *found)) + 1);
  return last_that_holds(octave, std::exp2(1.0 / 16), 16);
}

Verdict all_of(const std::vector<PositionRecall>& positions, Verdict PositionRecall::*verdict) {
  bool is_proved = true;
  for (const PositionRecall& position : positions) {
    if (position.*verdict == Verdict::refuted) return Verdict::refuted;
    is_proved = is_proved && position.*verdict == Verdict::proved;
  }
  return is_proved ? Verdict::proved : Verdict::unknown;
}

/// The verdict of everything that is asked, and the sentence that says it.
void conclude(const RecallQuestion& question, Recall& recall) {
  std::size_t recalled = 0, refuted = 0;
  bool is_all = true;
  for (const SequenceRecall& one : recall.sequences) {
    const Verdict verdict = one.verdict();
    if (verdict == Verdict::proved) ++recalled;
    if (verdict == Verdict::refuted) ++refuted;
    is_all = is_all && verdict == Verdict::proved &&
             (!question.binary32 || one.in_binary32() == Verdict::proved) &&
             (question.radius == 0 || one.in_radius() == Verdict::proved);
  }
  const std::size_t all = recall.sequences.size();
  recall.verdict = refuted > 0 ? Verdict::refuted : is_all ? Verdict::proved : Verdict::unknown;
  recall.why = std::to_string(recalled) + " of " + std::to_string(all) +
               (all == 1 ? " sequence is recalled" : " sequences are recalled") + " over the real numbers";
  if (refuted > 0) recall.why += ", " + std::to_string(refuted) + " not";
  if (recalled + refuted < all) recall.why += ", " + std::to_string(all - recalled - refuted) + " undecided";
}

}  // namespace

Verdict SequenceRecall::verdict() const { return all_of(positions, &PositionRecall::verdict); }
Verdict SequenceRecall::in_binary32() const { return all_of(positions, &PositionRecall::in_binary32); }
Verdict SequenceRecall::in_radius() const { return all_of(positions, &PositionRecall::in_radius); }

bool SequenceRecall::is_decided() const {
  return std::none_of(positions.begin(), positions.end(),
                      [](const PositionRecall& position) { return position.verdict == Verdict::unknown; });
}

FastInterval SequenceRecall::bits() const {
  FastInterval sum(0);
  for (const PositionRecall& position : positions) sum += position.bits;
  return sum;
}

Recall recall_sequences(const RecallQuestion& question) {
  const Model model(question);
  const ModelConfig& config = model.weights.config();
  Recall recall;
  recall.width = config.width;
  recall.vocabulary = model.table.count();
  recall.layers = config.layers;
  recall.proof = recall_proof();
  for (const std::string& member : config.assumed_inert)
    recall.assume("config.json: " + member + " changes nothing");
  std::vector<Matrix<double>> prompts;
  for (const std::string& folder : question.prompts) {
    refuse_trained_head(folder);
    PromptAdapter adapter = read_prompt_adapter(folder, config, question.assumed_inert);
    for (const std::string& member : adapter.assumed_inert) {
      recall.assume("adapter_config.json: " + member + " changes nothing");
    }
    prompts.push_back(question.prompt_as ? rounded_to(*question.prompt_as, adapter.tokens)
                                         : std::move(adapter.tokens));
    recall.prompts.push_back(
        {static_cast<std::size_t>(prompts.back().cols()),
         question.prompt_as ? bits(*question.prompt_as) : static_cast<unsigned>(8 * size_of(adapter.type))});
  }
  if (prompts.empty()) {
    prompts.emplace_back(static_cast<Index>(config.width), 0);
    recall.prompts.push_back({});
  }
  if (question.paired && prompts.size() != question.sequences.size()) {
    throw InputError("pairs: " + std::to_string(prompts.size()) + " prompts and " +
                     std::to_string(question.sequences.size()) + " sequences (accepted: as many of both)");
  }
  std::vector<Run> runs;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    for (std::size_t n = 0; n < question.sequences.size(); ++n) {
      if (question.paired && p != n) continue;
      runs.push_back(make_run(model, prompts[p], p, question.sequences[n], n));
      SequenceRecall& one = recall.sequences.emplace_back();
      one.prompt = p;
      one.sequence = n;
      one.positions.resize(runs.back().asked.size());
    }
  }
  recall.beyond_balls = beyond_balls(model.input);
  if (recall.beyond_balls.empty()) recall.beyond_balls = beyond_balls(model.weights.layer(0));
  const bool has_balls = recall.beyond_balls.empty();
  if (!has_balls && (question.binary32 || question.radius > 0 || question.largest_radius)) {
    throw InputError(question.model + ": " + recall.beyond_balls +
                     ": binary32 and radii are asked of balls, which do not model it");
  }
  if (question.binary32) {
    for (const Run& run : runs) require_binary32(is_binary32(run.tokens), "prompt and embeddings");
    if (model.input.position_codes)
      require_binary32(is_binary32(*model.input.position_codes), "the position codes");
    require_binary32(model.table.type() != ElementType::F64, "the unembedding's rows, as F64,");
  }
  const Cases cases(question);
  for (std::size_t first = 0; has_balls && first < runs.size();) {
    std::vector<const Run*> batch;
    Index tokens = 0;
    std::size_t end = first;
    while (end < runs.size() && (batch.empty() || tokens + runs[end].tokens.cols() <= most_tokens_at_once)) {
      tokens += runs[end].tokens.cols();
      batch.push_back(&runs[end++]);
    }
    const auto logits = ball_logits(model, batch, cases.all, question.binary32, question.threads);
    for (std::size_t n = 0; n < batch.size(); ++n) {
      for (std::size_t k = 0; k < logits[n].size(); ++k) {
        note(logits[n][k], cases, recall.sequences[first + n].positions[k]);
      }
    }
    first = end;
  }
  // Products of intervals take the threads of the arena that they are called in.
  oneapi::tbb::task_arena arena(question.threads);
  for (std::size_t n = 0; n < runs.size(); ++n) {
    if (has_balls) sharpen(model, runs[n], cases, question.threads, recall.sequences[n]);
    if (!recall.sequences[n].is_decided()) {
      arena.execute([&] { decide_by_intervals(model, runs[n], recall.sequences[n], recall.interval_bits); });
    }
    if (question.largest_radius && recall.sequences[n].verdict() == Verdict::proved) {
      recall.sequences[n].largest_radius = search_radius(
          model, runs[n], question.binary32 ? Rounding::binary32() : Rounding::reals(), question.threads);
    }
  }
  conclude(question, recall);
  return recall;
}

Proofs recall_proof() {
  return {proved_on_paper("3.5", "balls carried by local Lipschitz constants, or derivatives")};
}

std::vector<ProvedForm> recall_forms() { return {{"every form", recall_proof().statuses()}}; }

}  // namespace promptbound
