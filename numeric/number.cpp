#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {
namespace {

constexpr std::size_t longest_text = 200000;
constexpr long largest_exponent = 100000;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Integer power_of_ten(unsigned long exponent) {
  Integer result;
  mpz_ui_pow_ui(result.backend().data(), 10, exponent);
  return result;
}

Integer integer_of_digits(const std::string& digits) {
  Integer result;
  mpz_set_str(result.backend().data(), digits.c_str(), 10);  // explicit base: a leading 0 is no octal sign
  return result;
}

/// digits[.digits][e[+-]digits]
std::optional<Rational> parse_decimal(std::string_view text) {
  long exponent = 0;
  if (const auto mark = text.find_first_of("eE"); mark != std::string_view::npos) {
    std::string_view tail = text.substr(mark + 1);
    const bool negative = !tail.empty() && tail.front() == '-';
    if (!tail.empty() && (tail.front() == '-' || tail.front() == '+')) tail.remove_prefix(1);
    if (!all_digits(tail) || tail.size() > 6) return std::nullopt;
    exponent = std::stol(std::string(tail));
    if (exponent > largest_exponent) return std::nullopt;
    if (negative) exponent = -exponent;
    text = text.substr(0, mark);
  }
  std::string digits(text);
  if (const auto point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  if (!all_digits(digits)) return std::nullopt;
  const Integer mantissa = integer_of_digits(digits);
  if (exponent >= 0) return Rational(mantissa * power_of_ten(static_cast<unsigned long>(exponent)));
  return Rational(mantissa, power_of_ten(static_cast<unsigned long>(-exponent)));
}

}  // namespace

Number Number::infinity() {
  Number result;
  result.infinite = true;
  return result;
}

std::optional<Number> parse_number(std::string_view text) {
  if (text.size() > longest_text) return std::nullopt;
  if (text == "inf") return Number::infinity();
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  std::optional<Rational> value;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view top = text.substr(0, slash);
    const std::string_view bottom = text.substr(slash + 1);
    if (!all_digits(top) || !all_digits(bottom)) return std::nullopt;
    const Integer divisor = integer_of_digits(std::string(bottom));
    if (divisor == 0) return std::nullopt;
    value = Rational(integer_of_digits(std::string(top)), divisor);
  } else {
    value = parse_decimal(text);
  }
  if (!value) return std::nullopt;
  return Number(negative ? Rational(-*value) : *value);
}

Rational parse_rational(std::string_view text, std::string_view what) {
  const std::optional<Number> number = parse_number(text);
  if (!number || number->infinite) {
    throw InputError(std::string(what) + ": '" + std::string(text.substr(0, 60)) +
                     "' is not a finite number (accepted: 3, 1/10, 0.1, 1e-3)");
  }
  return number->value;
}

std::string exact_text(const Number& number) { return number.infinite ? "inf" : number.value.str(); }

}  // namespace promptbound
