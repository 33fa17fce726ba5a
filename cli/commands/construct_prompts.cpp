// Prompts for a given model, theory 2.2 and 5.8: a part of construction.hpp.
#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/constructions/separated_prompts.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/memorization/shared_query_prompt.hpp>

namespace promptbound {
namespace {

/// Families of more entries are not written out.
constexpr long most_entries = 1000000;

const AttentionHead<Rational>& only_head(const Instance& instance, const std::string& path) {
  if (instance.model.layers.size() != 1 || instance.model.layers.front().heads.size() != 1) {
    throw InputError(path + ": the model must have one layer with one attention head");
  }
  return instance.model.layers.front().heads.front();
}

/// What a prompt is at a query: S_P, and its mean token.
struct PromptAction {
  Interval S;
  std::vector<Interval> mean;
};

PromptAction action_of(const Vector<Rational>& direction, const Matrix<Rational>& prompt) {
  const Index d = prompt.rows();
  const AttentionSums sums = attention_sums(Matrix<Rational>::Identity(d, d), direction, prompt);
  PromptAction action{sums.S.enclosure(), {}};
  for (const ExponentialSum& sum : sums.weighted_values) action.mean.push_back(sum.enclosure() / action.S);
  return action;
}

}  // namespace

Built build_least_length_prompt(const ConstructOptions& options) {
  Instance instance = options.read_model();
  if (options.data.empty()) throw InputError("data: not given (accepted: --data FILE, memorization data)");
  const MemorizationData data = memorization_data_from(parse_json(read_text_file(options.data), options.data),
                                                       instance.model.width, options.data);
  const Rational accuracy = parse_rational(options.accuracy, "accuracy");
  const MemorizationAnswer answer = memorize(instance.model, data, accuracy);
  if (!answer.prompt) {
    const bool is_impossible = answer.verdict == Verdict::refuted;
    const std::string why = options.data + ": no prompt was built (" +
                            (is_impossible ? "impossible: " : "unknown: ") + answer.why +
                            "; promptbound memorize says more)";
    if (is_impossible) throw InputError(why);
    throw Undecided(why);
  }
  instance.prompt = *answer.prompt;
  Record record;
  record.id = "least-length-prompt";
  record.kind = answer.least_length == Integer(answer.prompt->cols()) ? Kind::exact : Kind::sufficient;
  record.theory = "2.2";
  record.source = "own";
  record.inputs = {{"N", data.size()}, {"accuracy", accuracy}};
  record.add("tokens", Integer(answer.prompt->cols()));
  record.add("least_tokens", answer.least_length);
  record.add("error", *answer.error);
  record.holds("no prompt with fewer than least_tokens tokens is as accurate at every example");
  return {std::move(instance), std::move(record)};
}

Built build_compressed_prompt(const ConstructOptions& options) {
  Instance instance = options.read_model();
  const Matrix<Rational> A = only_head(instance, options.model).score_matrix();
  const Vector<Rational> query = options.query_token(instance.model.width);
  const Vector<Rational> direction = multiply(A, Matrix<Rational>(query)).col(0);
  const Matrix<Rational> before = instance.prompt;
  instance.prompt = midpoints(compress_prompt(direction, before));
  const PromptAction old = action_of(direction, before), made = action_of(direction, instance.prompt);
  Interval moved(0);
  for (std::size_t c = 0; c < old.mean.size(); ++c) moved = max(moved, abs(made.mean[c] - old.mean[c]));
  Record record;
  record.id = "compressed-prompt";
  record.kind = Kind::sufficient;
  record.theory = "2.2";
  record.source = "own";
  record.inputs = {{"query", options.query}, {"tokens_before", before.cols()}};
  record.add("tokens", Integer(instance.prompt.cols()));
  record.add("sum_change", abs(made.S / old.S - Interval(1)));
  record.add("mean_change", moved);
  record.holds("at the query the prompt acts through S_P and its mean token alone, whatever the input");
  record.holds("sum_change is relative, mean_change in the max norm: what rounding the tokens has changed");
  return {std::move(instance), std::move(record)};
}

Built build_separated_prompts(const ConstructOptions& options) {
  Instance instance = options.read_model();
  const AttentionHead<Rational>& head = only_head(instance, options.model);
  const Matrix<Rational> tokens = options.read_tokens(instance.model.width);
  const Vector<Rational> query = tokens.col(tokens.cols() - 1);
  const long m = options.m > 0 ? options.m : 1;
  const SeparatedPrompts family(head, query, tokens, parse_rational(options.radius, "radius"), m, options.q);
  const Integer entries = family.count() * m * instance.model.width;
  if (entries > most_entries) {
    throw InputError("q: the family has " + family.count().str() + " prompts and " + entries.str() +
                     " entries (accepted: at most 1000000 entries; lower q or m)");
  }
  Json prompts = Json::array();
  for (Integer number = 0; number < family.count(); ++number) {
    prompts.push_back(to_json(Matrix<Rational>(family.prompt(number).transpose())));
  }
  instance.prompt = family.prompt(0);
  Json file = to_json(instance);
  file["tokens"] = to_json(Matrix<Rational>(tokens.transpose()));
  file["prompts"] = std::move(prompts);
  Record record;
  record.id = "separated-prompts";
  record.kind = Kind::sufficient;
  record.theory = "5.8";
  record.source = "own";
  record.inputs = {{"m", m}, {"q", options.q}, {"radius", options.radius}};
  record.add("directions", Integer(family.directions()));
  record.add("prompts", family.count());
  record.add("separation", family.separation());
  record.holds(
      "attention outputs at the last token, under any two of the prompts, are at least the lower "
      "end of separation apart in the max norm");
  return {std::move(file), std::move(record)};
}

}  // namespace promptbound
