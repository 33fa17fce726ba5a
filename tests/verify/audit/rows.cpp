// The verdicts of an audit's rows, and what proves them.
#include <doctest/doctest.h>

#include <algorithm>

#include <promptbound/models/safetensors.hpp>
#include <promptbound/verify/audit/audit.hpp>

#include "models/small_language_model.hpp"

using namespace promptbound;

namespace {

Audit audit_of(const std::string& family, double scale, bool with_prompt = false) {
  const TemporaryFolder folder, prompt;
  write_small_model(folder, family, 721, scale);
  if (with_prompt) write_small_prompt(prompt, 722);
  AuditQuestion question{
      folder.path(), with_prompt ? prompt.path() : "", 0, Rational(1, 100), 1, Rational(1, 10), {}};
  return audit_model(question);
}

/// Writes the file again with all entries of one tensor set to a value.
void set_tensor(const TemporaryFolder& folder, const std::string& file, WrittenTensors written,
                const std::string& name, double value) {
  for (double& x : written.at(name).values) x = value;
  std::map<std::string, Tensor> tensors;
  for (const auto& [key, tensor] : written) tensors[key] = view(tensor.values, tensor.shape);
  folder.write(file, safetensors_text(tensors));
}

const TheoremRow& row_of(const Audit& audit, std::string_view theory) {
  const auto found = std::find_if(audit.theorems.begin(), audit.theorems.end(),
                                  [&](const TheoremRow& row) { return row.theory == theory; });
  REQUIRE(found != audit.theorems.end());
  return *found;
}

}  // namespace

TEST_CASE("the row of injectivity: proved - unknown - not applicable") {
  const Audit small = audit_of("gpt2", 1e-4);
  const TheoremRow& proved = row_of(small, "3.2");
  CHECK(proved.verdict == Verdict::proved);
  CHECK(proved.applies());
  CHECK(certainly_less_equal(proved.value, Quantity(Integer(1))));
  CHECK(proved.proof.front().kind == ProofKind::paper);
  CHECK(small.proof.of("injective in the input, whatever the prompt").kind == ProofKind::paper);

  const Audit large = audit_of("gpt2", 0.5);
  const TheoremRow& open = row_of(large, "3.2");
  CHECK(open.verdict == Verdict::unknown);
  CHECK_FALSE(open.applies());
  CHECK(open.proof.empty());
  CHECK(large.proof.of("injective in the input, whatever the prompt").kind == ProofKind::unproved);

  const TheoremRow outside = row_of(audit_of("bert", 1e-4), "3.2");
  CHECK(outside.verdict == Verdict::not_applicable);
  CHECK_FALSE(outside.applies());
  CHECK(outside.proof.empty());
}

TEST_CASE("an audit is an answer: its proofs are those of the rows that apply") {
  const Audit audit = audit_of("gpt2", 0.5, true);
  CHECK(audit.verdict == Verdict::computed);
  for (const TheoremRow& row : audit.theorems) {
    CAPTURE(row.what);
    CHECK_FALSE(row.why.empty());
    CHECK(row.applies() == !row.proof.empty());
    if (row.applies()) CHECK(audit.proof.of(row.what) == row.proof.front().of({row.what}));
  }
  CHECK(row_of(audit, "3.1").verdict == Verdict::computed);
  CHECK(row_of(audit, "2.6").verdict == Verdict::not_applicable);
}

TEST_CASE("why a prompt's capacity by 2.5 is not computed") {
  const auto audit = [](double prompt_entry, const char* tensor, double value) {
    const TemporaryFolder folder, prompt;
    const WrittenTensors model = write_small_model(folder, "gpt2", 723);
    if (tensor != nullptr) set_tensor(folder, "model.safetensors", model, tensor, value);
    const std::vector<double> tokens = write_small_prompt(prompt, 724);
    if (prompt_entry != 1)
      set_tensor(prompt, "adapter_model.safetensors", {{"prompt_embeddings", {{3, 8}, tokens}}},
                 "prompt_embeddings", prompt_entry);
    return audit_model({folder.path(), prompt.path(), 0, Rational(1, 100), 1, Rational(1, 10), {}});
  };
  const auto check = [&](const Audit& of, const std::string& why) {
    const TheoremRow& row = row_of(of, "2.5");
    CHECK(row.verdict == Verdict::not_applicable);
    CHECK(row.why == "does not apply: " + why);
    CHECK(row.proof.empty());
    CHECK(std::get<std::string>(row.value.value()) == "-");
  };
  CHECK(row_of(audit(1, nullptr, 0), "2.5").applies());
  check(audit(0, nullptr, 0), "every token of the prompt is 0, and so is its radius");
  check(audit(1e300, nullptr, 0), "the prompt's tokens have no finite radius");
  check(audit(1, "ln_f.weight", 0), "the Lipschitz constant is 0: outputs do not depend on a prompt");
  check(audit(1, "h.0.attn.c_attn.weight", 1e200), "no finite Lipschitz constant");
}
