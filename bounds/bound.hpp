/// What a bound is: a descriptor and its evaluation. One file of this folder defines one bound.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <promptbound/bounds/parameters.hpp>
#include <promptbound/coq/certificate.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// The arguments of one evaluation, by parameter name. Access to a missing parameter is a programming error:
/// the catalogue has checked presence and range before a bound sees its arguments.
class Arguments {
 public:
  /// Sets the argument of `name`, which is that of a Parameter, which lives as long as the program.
  void set(std::string_view name, Argument argument);
  [[nodiscard]] bool has(const Parameter& parameter) const { return find(parameter.name) != nullptr; }
  /// Returns the argument of that name, null where there is none of that name.
  [[nodiscard]] const Argument* find(std::string_view name) const;

  [[nodiscard]] const Number& number(const Parameter& parameter) const { return at(parameter).number(); }
  [[nodiscard]] const Rational& rational(const Parameter& parameter) const { return number(parameter).value; }
  [[nodiscard]] Integer integer(const Parameter& parameter) const { return at(parameter).integer(); }
  [[nodiscard]] const std::string& choice(const Parameter& parameter) const { return at(parameter).word(); }

 private:
  [[nodiscard]] const Argument& at(const Parameter& parameter) const;

  struct Entry {
    std::string_view name;
    Argument argument;
  };
  std::vector<Entry> entries_;
};

/// How a bound uses a parameter: required, optional, or with a default: a value, another parameter's value,
/// or what other parameters give.
struct Use {
  const Parameter* parameter;
  bool required = true;
  std::string_view fallback = "";           ///< the default in words
  std::optional<Argument> value = {};       ///< the default, where it depends on no other parameter
  std::vector<const Parameter*> from = {};  ///< the parameters, of uses before this one, that it depends on
  Argument (*compute)(const Arguments&) = nullptr;  ///< what they give; none: the value of the one parameter

  [[nodiscard]] bool has_default() const { return !fallback.empty(); }
  /// Returns the default at these arguments; nothing where there is none, or one that it depends on is
  /// missing.
  [[nodiscard]] std::optional<Argument> default_at(const Arguments& arguments) const;
};

[[nodiscard]] inline Use required(const Parameter& parameter) { return {&parameter, true}; }
[[nodiscard]] inline Use optional(const Parameter& parameter) { return {&parameter, false}; }
[[nodiscard]] inline Use defaulted(const Parameter& parameter, std::string_view value) {
  return {&parameter, false, value, parse_argument(parameter, value)};
}
[[nodiscard]] inline Use defaulted(const Parameter& parameter, const Parameter& other) {
  return {&parameter, false, other.name, {}, {&other}};
}
[[nodiscard]] inline Use defaulted(const Parameter& parameter, std::string_view words,
                                   std::vector<const Parameter*> from,
                                   Argument (*compute)(const Arguments&)) {
  return {&parameter, false, words, {}, std::move(from), compute};
}

/// Name and meaning of an output.
struct OutputDescription {
  std::string_view name;
  std::string_view meaning;
};

/// Fills outputs and assumptions of the record, enclosures to `digits` digits.
using Evaluate = void (*)(const Arguments& arguments, long digits, Record& record);

/// Adds theorems that prove what an applicable record of these arguments prints. Throws InputError when no
/// theorem covers these arguments.
using CertifyInCoq = void (*)(const Arguments& arguments, const Record& record, CoqCertificate& certificate);

/// One form of a bound: the arguments, or what came of them, that set it apart, and what proves what is
/// printed then.
struct Form {
  std::string when;  ///< in words, such as `norm = max, alpha = inf`; empty: always
  /// Tells whether this is the form of these arguments, and of the applicable record that they gave.
  std::function<bool(const Arguments& arguments, const Record& record)> holds;
  Proofs proof;
};

/// The bound read backwards: which parameter is sought, from which others.
struct Inverse {
  std::string_view unknown;  ///< name of the parameter that is computed (also the name of the output)
  std::string_view meaning;
  std::vector<Use> uses;
  Evaluate evaluate;
  std::vector<Form> forms = {};    ///< the first that holds counts; where none does, nothing is proved
  CertifyInCoq certify = nullptr;  ///< none: no Coq certificates of this direction
};

/// One entry of the catalogue.
struct Bound {
  std::string_view id;
  Kind kind;
  std::string_view theory;
  std::string_view source;
  std::string_view claim;    ///< one sentence
  std::string_view formula;  ///< in the symbols of the theory page
  std::vector<Use> uses;
  std::vector<OutputDescription> outputs;
  Evaluate evaluate;
  std::vector<Inverse> inverses = {};
  std::vector<Form> forms = {};    ///< of the bound read forwards, as in Inverse
  CertifyInCoq certify = nullptr;  ///< none: no Coq certificates of this bound
};

}  // namespace promptbound
