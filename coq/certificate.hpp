/// Coq files whose compilation proves what a record prints, by instantiating theorems of proofs/.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <promptbound/numeric/number.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// A certificate file in the making. A bound's emitter adds theorems; every number in them is an input as the
/// user gave it or an output as the record prints it, so that an error in either makes the file fail.
class CoqCertificate {
 public:
  /// Starts the theorems of this record: their names begin with its id.
  void begin(const Record& record);

  /// Makes PromptBound.certificates.MODULE available.
  void require(std::string_view module) { modules_.emplace(module); }

  /// Adds `Theorem ID_NAME : statement. Proof. proof Qed.`; `meaning` becomes the comment above it.
  void theorem(std::string_view name, std::string_view meaning, std::string_view statement,
               std::string_view proof);

  /// Returns the full name of a theorem added since begin().
  [[nodiscard]] std::string full_name(std::string_view name) const { return prefix_ + std::string(name); }

  /// Returns the whole file.
  [[nodiscard]] std::string text() const;

 private:
  std::string prefix_;
  std::string theorems_;
  std::set<std::string, std::less<>> modules_;
};

/// Writes a rational as the quotient of integer numerals that the theorems speak of: `(1/10)`, `(3/1)`.
[[nodiscard]] std::string coq_quotient(const Rational& x);
/// Writes its numerator and denominator, or 1/alpha as the q and p of the theorems: two arguments.
[[nodiscard]] std::string coq_inverse_exponent(const Number& alpha);
/// The closing step of a claim that a boolean checker over Z decides.
inline constexpr std::string_view coq_computed = "vm_cast_no_check (eq_refl true)";

/// Checkers over Z multiply numbers of at most this many bits: a few seconds of coqc.
inline constexpr unsigned long most_coq_bits = 20000;

/// Returns the integer that the record prints under that name. Throws InputError when it is too large to be
/// written out, or no number.
[[nodiscard]] Integer printed_integer(const Record& record, std::string_view output);

/// Throws InputError: this form of the bound has no certificate. Says whether it is proved in Coq all the
/// same (record.proof); `why` says what is missing, or which form has one.
[[noreturn]] void no_coq_certificate(const Record& record, std::string_view why);

/// Throws InputError when a checker would have to compare numbers of more than most_coq_bits bits.
void limit_coq_bits(const Record& record, const Integer& bits);

}  // namespace promptbound
