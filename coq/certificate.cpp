#include <fmt/format.h>

#include <algorithm>

#include <promptbound/coq/certificate.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

void CoqCertificate::begin(const Record& record) {
  prefix_ = std::string(record.id) + "_";
  std::replace(prefix_.begin(), prefix_.end(), '-', '_');
  theorems_ += fmt::format("\n(** {} (theory {})", record.id, record.theory);
  for (const Input& input : record.inputs)
    theorems_ += fmt::format("{} {} = {}", &input == &record.inputs.front() ? ":" : ",", input.name,
                             input.value.text());
  theorems_ += " *)\n";
}

void CoqCertificate::theorem(std::string_view name, std::string_view meaning, std::string_view statement,
                             std::string_view proof) {
  theorems_ += fmt::format("\n(** {} *)\nTheorem {} :\n  {}.\nProof. {} Qed.\n", meaning, full_name(name),
                           statement, proof);
}

std::string CoqCertificate::text() const {
  std::string requires_line;
  for (const std::string& module : modules_) requires_line += " " + module;
  return fmt::format(
      "(* Compiling this file with the development in proofs/ proves the statements below:\n"
      "   promptbound coq-check FILE.v, or coqc -Q proofs PromptBound FILE.v *)\n"
      "From Coq Require Import Reals Lra.\n"
      "From PromptBound.certificates Require Import{}.\n{}",
      requires_line, theorems_);
}

std::string coq_quotient(const Rational& x) {
  return fmt::format("({}/{})", numerator(x).str(), denominator(x).str());
}

std::string coq_inverse_exponent(const Number& alpha) {
  if (alpha.infinite) return "0 1";
  return denominator(alpha.value).str() + " " + numerator(alpha.value).str();
}

Integer printed_integer(const Record& record, std::string_view output) {
  const Quantity& quantity = record.output(output);
  if (const auto* integer = std::get_if<Integer>(&quantity.value())) return *integer;
  no_coq_certificate(record, fmt::format("{} must be an integer that is written out", output));
}

void no_coq_certificate(const Record& record, std::string_view why) {
  for (const ProofStatus& status : record.proofs()) {
    if (status.kind == ProofKind::coq) {
      throw InputError(fmt::format(
          "--coq: this form of {} is proved in Coq ({}), but no certificate of it can be written: {}",
          record.id, status.theorems.front(), why));
    }
    if (!status.related.empty()) {
      throw InputError(fmt::format("--coq: no Coq theorem covers all of this form of {} ({}): {}", record.id,
                                   status.text(), why));
    }
  }
  throw InputError(fmt::format("--coq: no Coq theorem covers this form of {}: {}", record.id, why));
}

void limit_coq_bits(const Record& record, const Integer& bits) {
  if (bits > most_coq_bits) {
    no_coq_certificate(
        record, fmt::format("its check would compare numbers of {} bits, at most {} are feasible", bits.str(),
                            most_coq_bits));
  }
}

}  // namespace promptbound
