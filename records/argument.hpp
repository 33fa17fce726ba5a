/// Values that were given: of the parameters of a bound, and of the inputs that a record states.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <variant>

#include <promptbound/numeric/number.hpp>

namespace promptbound {

/// A number, or the word of a choice. Never changed once it is made, so that copies share it.
class Argument {
 public:
  Argument(Number number);                                            // NOLINT(google-explicit-constructor)
  Argument(Rational number) : Argument(Number(std::move(number))) {}  // NOLINT(google-explicit-constructor)
  Argument(const Integer& number) : Argument(Rational(number)) {}     // NOLINT(google-explicit-constructor)
  Argument(std::integral auto number)                                 // NOLINT(google-explicit-constructor)
      : Argument(Rational(number)) {}
  Argument(std::string word);                                  // NOLINT(google-explicit-constructor)
  Argument(const char* word) : Argument(std::string(word)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool is_word() const { return std::holds_alternative<std::string>(*value_); }
  /// Returns the number (the word, below); throws std::logic_error where it is the other.
  [[nodiscard]] const Number& number() const;
  [[nodiscard]] const std::string& word() const;
  /// Returns the whole number, and 0 for an infinite one; throws std::logic_error for a word.
  [[nodiscard]] Integer integer() const;
  /// Returns `1/10`, `inf`, `euclidean`: the exact text, for printing.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Argument& a, const Argument& b) {
    return a.value_ == b.value_ || *a.value_ == *b.value_;
  }

 private:
  std::shared_ptr<const std::variant<Number, std::string>> value_;
};

}  // namespace promptbound
