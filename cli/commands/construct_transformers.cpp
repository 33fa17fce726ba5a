// The transformers with a prompt of theory 5.1, 5.2, 5.3, 5.6, 5.9 and 5.10: a part of construction.hpp.
#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/cli/commands/run_memory.hpp>
#include <promptbound/constructions/lookup/lookup_transformer.hpp>
#include <promptbound/constructions/lookup/memorization_prompt.hpp>
#include <promptbound/constructions/lookup/packed_lookup.hpp>
#include <promptbound/constructions/lookup/packed_memory.hpp>
#include <promptbound/constructions/selective_shift.hpp>
#include <promptbound/constructions/softmax_universal.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

template <class Network>
Matrix<Rational> offsets(const Network& network, Index d, Index L) {
  return network.input(Matrix<Rational>::Zero(d, L));
}

/// The table alone, for sparse evaluation.
Json sparse_file(const UniversalTransformer& network, const QuantizedFunction& table) {
  return {{"schema", 1},  {"kind", "sparse-universal"},         {"d", table.d},          {"L", table.L},
          {"k", table.k}, {"eta", to_json(network.grid().eta)}, {"digits", table.digits}};
}

/// The one of two forms that is asked for: is it the second?
bool is_second_form(const std::string& form, const std::string& first, const std::string& second) {
  if (form.empty() || form == first) return false;
  if (form == second) return true;
  throw InputError("form: '" + form.substr(0, 60) + "' (accepted: " + first + ", " + second + ")");
}

/// {"schema":1,"examples":[{"input":[[..]],"target":[[..]]}]}, tokens as rows.
std::vector<LookupExample> read_examples(const std::string& path) {
  if (path.empty())
    throw InputError("data: not given (accepted: --data FILE, examples with input and target)");
  const Json json = parse_json(read_text_file(path), path);
  const Json& examples = member(json, "examples", path);
  if (!examples.is_array() || examples.empty()) {
    throw InputError(path + ".examples: an array of at least one example is needed");
  }
  std::vector<LookupExample> result;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::string place = path + ".examples[" + std::to_string(i) + "]";
    const auto part = [&](const char* name) {
      return Matrix<Rational>(matrix_from(member(examples[i], name, place), place + "." + name).transpose());
    };
    result.push_back({part("input"), part("target")});
  }
  return result;
}

Record memorization_claim(const MemorizationPrompt& memory, const std::vector<LookupExample>& examples,
                          const ConstructOptions& options) {
  Record record;
  record.id = "memorization-prompt";
  record.kind = Kind::sufficient;
  record.theory = "5.3";
  record.source = "own";
  record.inputs = {{"N", examples.size()},
                   {"d", examples.front().input.rows()},
                   {"L", examples.front().input.cols()},
                   {"alpha", options.alpha_number()},
                   {"eps", options.eps}};
  record.add("tokens", Integer(examples.size()));
  record.add("width", Integer(memory.blocks().width()));
  record.add("error", memory.guarantee());
  record.holds("the error is the alpha-norm of output - target, at every example");
  return record;
}

/// What serves every function of F(C, alpha), with the prompt of the target: `build` makes it of C and the
/// target, whose own constant is at most C.
template <class Build>
Built build_for_functions(const ConstructOptions& options, Build build) {
  const Rational C = parse_rational(options.C, "C");
  const Target target = options.make_target();
  const bool is_own = std::holds_alternative<Expression>(target.function);
  if (const Rational certified = is_own ? C : lipschitz_constant(target, options.alpha_number());
      certified > C) {
    throw InputError("C: the target is certified for C = " + certified.str() + " only, C = " + C.str() +
                     " was given (accepted: C >= " + certified.str() + ")");
  }
  Built built = build(C, target);
  if (is_own)
    built.claim.assume(
        "the target expression is C-Lipschitz in the alpha-norm on the cube, with values in [0,1]");
  return built;
}

}  // namespace

Built build_universal(const ConstructOptions& options) {
  const bool sparse = options.form == "sparse";
  const bool deep = !sparse && is_second_form(options.form, "wide", "deep");
  const Number alpha = options.alpha_number();
  if (alpha.infinite)
    throw InputError("alpha: inf (accepted: a finite number >= 1, the guarantee is in d_alpha)");
  const Target target = options.make_target();
  const UniversalTransformer network(options.d, options.L, options.cells(), options.ramp());
  Record claim = network.claim(lipschitz_constant(target, alpha), alpha.value);
  if (sparse) return {sparse_file(network, quantize(target, options.k)), std::move(claim)};
  Instance instance{network.dense(deep ? UniversalForm::deep : UniversalForm::wide),
                    network.prompt(quantize(target, options.k)), offsets(network, options.d, options.L),
                    options.d};
  return {std::move(instance), std::move(claim)};
}

Built build_softmax(const ConstructOptions& options) {
  const Target target = options.make_target();
  const SoftmaxUniversal network(options.d, options.L, options.cells(), options.ramp(), options.rank);
  Instance instance{network.transformer(), network.prompt(quantize(target, options.k)),
                    offsets(network, options.d, options.L), options.d};
  return {std::move(instance), network.claim()};
}

Built build_lookup(const ConstructOptions& options) {
  return build_for_functions(options, [&](const Rational& C, const Target& target) {
    const LookupTransformer lookup(
        LookupRecipe::choose(options.d, options.L, C, options.alpha_number(), options.accuracy_wanted()));
    Instance instance{lookup.blocks().transformer(), lookup.prompt(target),
                      offsets(lookup.blocks(), options.d, options.L), options.d};
    return Built{std::move(instance), lookup.claim()};
  });
}

Built build_packed_lookup(const ConstructOptions& options) {
  return build_for_functions(options, [&](const Rational& C, const Target& target) {
    const Index payload =
        options.P > 0 ? options.P : default_payload(options.d * options.L).convert_to<Index>();
    const PackedLookup lookup(PackedRecipe::choose(options.d, options.L, C, options.alpha_number(),
                                                   options.accuracy_wanted(),
                                                   static_cast<unsigned long>(options.b), payload));
    Instance instance{lookup.transformer(), lookup.prompt(lookup.stored_values(target)),
                      offsets(lookup, options.d, options.L), options.d};
    return Built{std::move(instance), lookup.claim()};
  });
}

// Of a file's examples, or of N random ones; labels that are not given are drawn.
Built build_packed_memory(const ConstructOptions& options) {
  LabelledInputs data;
  if (options.data.empty()) {
    data.inputs = random_inputs(options.d, options.L, options.N, options.target.seed);
  } else {
    const ConstructOptions defaults;
    if (options.d != defaults.d || options.L != defaults.L || options.N != defaults.N)
      throw InputError("d, L, N: --data says what they are (accepted: either it or them)");
    data = labelled_inputs_from(parse_json(read_text_file(options.data), options.data), options.data);
  }
  const auto N = static_cast<Index>(data.inputs.size());
  const Index n = data.inputs.front().size();
  if (data.labels.empty()) data.labels = random_labels(N, options.K, options.target.seed + 1);
  const PackedMemory memory(std::move(data.inputs), options.K, static_cast<unsigned long>(options.b),
                            options.P > 0 ? options.P : default_payload(n).convert_to<Index>());
  const Index d = memory.tokens().d;
  Json file = to_json(
      Instance{memory.transformer(), memory.prompt(data.labels), offsets(memory, d, memory.tokens().L), d});
  file.update(memory_members(memory, options.K, data.labels));
  return {std::move(file), memory.claim()};
}

Built build_memorization_prompt(const ConstructOptions& options) {
  const std::vector<LookupExample> examples = read_examples(options.data);
  const MemorizationPrompt memory(examples, options.alpha_number(), options.accuracy_wanted());
  const Index d = examples.front().input.rows(), L = examples.front().input.cols();
  Instance instance{memory.blocks().transformer(), memory.prompt(), offsets(memory.blocks(), d, L), d};
  return {std::move(instance), memorization_claim(memory, examples, options)};
}

Built build_selective_shift(const ConstructOptions& options) {
  const bool prompted = is_second_form(options.form, "direct", "prompted");
  const Target target = options.make_target();
  const QuantizedFunction table = quantize(target, options.cells());
  // prompted: the function is in the prompt, as in 5.1. direct: it is in the last feed-forward block.
  std::optional<UniversalTransformer> prompts;
  if (prompted) prompts.emplace(options.d, options.L, options.k, options.ramp());
  const long m = prompts ? prompts->prompt_tokens() : 0;
  const SelectiveShift network({options.d, m + options.L, options.k, options.ramp()});
  const auto wanted = [&](const Code& code) -> Vector<Rational> {
    if (prompts) return prompts->wanted_output(code);
    long cell = 0;
    for (std::size_t o = code.digits.size(); o-- > 0;) cell = cell * options.k + code.digits[o] - 1;
    return cell_value(table, cell).col(code.position);
  };
  // Contents at their positions, before and behind the prompt's end.
  Matrix<Rational> contents = Matrix<Rational>::Zero(options.d, m + options.L);
  for (long token = 0; token < m; ++token) {
    contents.col(token) = cell_value(table, token / options.L).col(token % options.L);
  }
  const Matrix<Rational> sequence = network.input(contents);
  Instance instance{network.transformer(wanted, m), sequence.leftCols(m), sequence.rightCols(options.L),
                    options.d};
  Record record;
  record.id = "selective-shift";
  record.kind = Kind::sufficient;
  record.theory = "5.6";
  record.source = "WCWH23, YBRRK20";
  record.inputs = {{"d", options.d},
                   {"L", options.L},
                   {"k", options.k},
                   {"eta", options.ramp()},
                   {"form", prompted ? "prompted" : "direct"}};
  record.add("tokens", Integer(m));
  record.add("attention_blocks", Integer(network.blocks() + 1));
  record.add("attention_blocks_original", Integer(network.original_blocks() + 1));
  record.add("beta", network.beta());
  record.add("value_width", Integer(instance.model.layers.back().ffn->W_1.rows()));
  record.holds("at every grid centre the output is the quantized value of the target, exactly");
  return {std::move(instance), std::move(record)};
}

}  // namespace promptbound
