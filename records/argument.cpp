#include <stdexcept>

#include <promptbound/records/argument.hpp>

namespace promptbound {

Argument::Argument(Number number)
    : value_(std::make_shared<const std::variant<Number, std::string>>(std::move(number))) {}

Argument::Argument(std::string word)
    : value_(std::make_shared<const std::variant<Number, std::string>>(std::move(word))) {}

const Number& Argument::number() const {
  if (const auto* number = std::get_if<Number>(value_.get())) return *number;
  throw std::logic_error("the argument is a word: " + std::get<std::string>(*value_));
}

const std::string& Argument::word() const {
  if (const auto* word = std::get_if<std::string>(value_.get())) return *word;
  throw std::logic_error("the argument is a number: " + text());
}

Integer Argument::integer() const { return numerator(number().value); }

std::string Argument::text() const {
  const auto* word = std::get_if<std::string>(value_.get());
  return word != nullptr ? *word : exact_text(number());
}

}  // namespace promptbound
