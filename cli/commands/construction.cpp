#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr Construction all[] = {
    {"layer", "2.2", "own", "a random layer, and examples that a prompt of m tokens gives",
     "memorize, structure, impossible-pair", "d N m seed", build_layer},
    {"least-length-prompt", "2.2", "own", "a prompt of least length for data that share a query",
     "run, memorize", "model data accuracy", build_least_length_prompt},
    {"compressed-prompt", "2.2", "own",
     "the prompt of a model file replaced by ceil(rho) tokens, equal at a query", "run", "model query",
     build_compressed_prompt},
    {"universal-transformer", "5.1", "HWGLSL25",
     "one attention layer with exact means, universal under prompting", "run, verify",
     "d L k eta form C alpha target target-expression frequency table cells seed", build_universal},
    {"softmax-universal", "5.1", "KS24, HWGLSL25", "the same with softmax attention of any rank",
     "run, verify", "d L k eta rank C alpha target target-expression frequency table cells seed",
     build_softmax},
    {"lookup-transformer", "5.2", "own", "k^n prompt tokens approximate any function within eps",
     "run, verify", "d L eps C alpha target target-expression frequency table cells seed", build_lookup},
    {"memorization-prompt", "5.3", "own", "N examples by N prompt tokens", "run", "data eps alpha",
     build_memorization_prompt},
    {"impossible-pair", "5.4", "WCWH23", "two examples that no prompt fits, for a given layer",
     "run, memorize", "model", build_impossible_pair},
    {"prompt-versus-lora", "5.5", "WCWH23", "N examples that need N prompt tokens and a rank-one update fits",
     "run, memorize", "N seed form", build_lora_data_set},
    {"selective-shift", "5.6", "WCWH23, YBRRK20",
     "contextual codes by selective shifts, with positional offsets", "run, verify",
     "d L k eta form C alpha target target-expression frequency table cells seed", build_selective_shift},
    {"hardness-instance", "4.3, 5.7", "AS23", "a nearest-neighbour problem that attention decides", "run",
     "N D t gap seed", build_hardness_instance},
    {"separated-prompts", "5.8", "own", "q^r prompts whose outputs at a query are pairwise separated", "run",
     "model tokens radius m q", build_separated_prompts},
    {"packed-lookup", "5.9", "own", "the same as lookup-transformer, every bit of the prompt's entries used",
     "run, verify", "d L eps C alpha b P target target-expression frequency table cells seed",
     build_packed_lookup},
    {"packed-memory-network", "5.10", "own", "any labels of N inputs, every bit of the prompt's entries used",
     "run", "data N d L K b P seed", build_packed_memory},
};

}  // namespace

std::span<const Construction> constructions() { return all; }

const Construction& find_construction(std::string_view id) {
  std::vector<std::string_view> known;
  for (const Construction& construction : all) {
    if (construction.id == id) return construction;
    known.push_back(construction.id);
  }
  throw InputError("construction: '" + std::string(id.substr(0, 60)) + "' is not known: did you mean " +
                   nearest(id, known) + "? (promptbound list names all)");
}

std::vector<ValueOption> ConstructOptions::own() {
  return {
      {"d", &d, "N", "token dimension (default 1)", 1, 1000},
      {"L", &L, "N", "input tokens (default 1)", 1, 1000},
      {"k", &k, "N", "grid cells per coordinate", 1, 1000000},
      {"eta", &eta, "NUMBER", "ramp width, below 1/(2k) (default 1/(1000k))"},
      {"form", &form, "NAME",
       "universal-transformer: wide (default), deep, sparse (the table alone); selective-shift: direct "
       "(default), prompted; "
       "prompt-versus-lora: original (default), updated"},
      {"rank", &rank, "N", "rank of the attention weights (softmax-universal, default 1)", 1, 1000},
      {"eps", &eps, "NUMBER", "accuracy (lookup-transformer, packed-lookup, memorization-prompt)"},
      {"C", &C, "NUMBER", "Lipschitz constant (lookup-transformer, packed-lookup; random table; default 1)"},
      {"alpha", &alpha, "NUMBER", "norm exponent (default 2)"},
      {"model", &model, "FILE", "model file, for what is built on a given model"},
      {"data", &data, "FILE",
       "examples (memorization-prompt: input and target; packed-memory-network: input and label, or input "
       "alone; "
       "least-length-prompt: as memorize reads them)"},
      {"accuracy", &accuracy, "NUMBER", "largest error (least-length-prompt, default 0)"},
      {"query", &query, "LIST", "the query token, such as 1/2,0.3 (compressed-prompt)"},
      {"tokens", &tokens, "FILE", "input tokens as rows, the query last (separated-prompts)"},
      {"radius", &radius, "NUMBER", "largest entry of prompt tokens (separated-prompts, default 1)"},
      {"m", &m, "N", "prompt tokens (separated-prompts, default 1; layer, default 2)", 1, 1000000},
      {"q", &q, "N", "values in each direction (separated-prompts, default 2)", 2, 1000000},
      {"N", &N, "N", "examples or points (default 4)", 1, 100000},
      {"D", &D, "N", "dimension of the points (hardness-instance, default 16)", 1, 100000},
      {"t", &t, "N", "distance of near points (hardness-instance, default 1)", 0, 100000},
      {"gap", &gap, "N", "gap to far points (hardness-instance, default 2)", 1, 100000},
      {"K", &K, "N", "labels (packed-memory-network, default 2)", 2, 1000000000000},
      {"b", &b, "N", "bits of a prompt entry (packed-lookup, packed-memory-network, default 16)", 1, 4096},
      {"P", &P, "N",
       "payload entries of a prompt token (packed-lookup, packed-memory-network, default 16 d L)", 1,
       1000000}};
}

Number ConstructOptions::alpha_number() const { return parse_norm_exponent(alpha, "alpha"); }

Target ConstructOptions::make_target() const {
  return target.make(d, L, parse_rational(C, "C"), alpha_number());
}

long ConstructOptions::cells() const {
  if (k < 1) throw InputError("k: not given (accepted: --k N, an integer >= 1)");
  return k;
}

Rational ConstructOptions::ramp() const {
  return eta.empty() ? Rational(1, 1000 * cells()) : parse_rational(eta, "eta");
}

Rational ConstructOptions::accuracy_wanted() const {
  if (eps.empty()) throw InputError("eps: not given (accepted: --eps, a number > 0)");
  return parse_rational(eps, "eps");
}

Instance ConstructOptions::read_model() const {
  if (model.empty()) throw InputError("model: not given (accepted: --model FILE, a model file)");
  return read_instance(model);
}

Vector<Rational> ConstructOptions::query_token(Index width) const {
  std::vector<Rational> entries;
  for (std::size_t begin = 0; begin <= query.size();) {
    const std::size_t end = std::min(query.find(',', begin), query.size());
    entries.push_back(parse_rational(std::string_view(query).substr(begin, end - begin), "query"));
    begin = end + 1;
  }
  if (static_cast<Index>(entries.size()) != width) {
    throw InputError("query: " + std::to_string(entries.size()) + " entries (accepted: the model's width, " +
                     std::to_string(width) + ", such as 1/2,0.3)");
  }
  return Eigen::Map<const Vector<Rational>>(entries.data(), width);
}

Matrix<Rational> ConstructOptions::read_tokens(Index width) const {
  if (tokens.empty()) throw InputError("tokens: not given (accepted: --tokens FILE, tokens as rows)");
  const Matrix<Rational> rows = matrix_from(parse_json(read_text_file(tokens), tokens), tokens);
  if (rows.cols() != width) {
    throw InputError(tokens + ": tokens of " + std::to_string(rows.cols()) +
                     " entries (accepted: the model's width, " + std::to_string(width) + ")");
  }
  return rows.transpose();
}

}  // namespace promptbound
