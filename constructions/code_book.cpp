#include <bit>

#include <promptbound/constructions/code_book.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

bool is_valid(const Digits& digits) { return std::find(digits.begin(), digits.end(), 0) == digits.end(); }

/// The position of the most significant 0, or -1.
long highest_zero(const Digits& digits) {
  for (std::size_t p = digits.size(); p > 0; --p) {
    if (digits[p - 1] == 0) return static_cast<long>(p - 1);
  }
  return -1;
}

/// The greatest digits in 1..k below (all digits in 0..k compared as an integer).
std::optional<Digits> previous(Digits digits, long k) {
  for (auto p = static_cast<std::size_t>(highest_zero(digits) + 1); p < digits.size(); ++p) {
    if (digits[p] == 1) continue;
    --digits[p];
    std::fill(digits.begin(), digits.begin() + static_cast<long>(p), k);
    return digits;
  }
  return std::nullopt;
}

/// The least digits in 1..k above.
std::optional<Digits> following(Digits digits, long k) {
  if (const long zero = highest_zero(digits); zero >= 0) {
    std::fill(digits.begin(), digits.begin() + zero + 1, 1);
    return digits;
  }
  for (std::size_t p = 0; p < digits.size(); ++p) {
    if (digits[p] == k) continue;
    ++digits[p];
    std::fill(digits.begin(), digits.begin() + static_cast<long>(p), 1);
    return digits;
  }
  return std::nullopt;
}

}  // namespace

CodeBook::CodeBook(const Grid& grid, long first)
    : d_(grid.d),
      tokens_(grid.tokens),
      k_(grid.k),
      first_(first),
      digit_count_(static_cast<std::size_t>(grid.d * grid.tokens)),
      powers_{Integer(grid.k + 1)} {
  for (std::size_t size = 2; size <= digit_count_; size *= 2)
    powers_.push_back(powers_.back() * powers_.back());
  context_factor_ = power(base(), digit_count_);
}

void CodeBook::add_digits(const Digits& digits, std::size_t begin, std::size_t count, Integer& sum) const {
  if (count == 0) return;
  if (count == 1) {
    sum = digits[begin];
    return;
  }
  const std::size_t low_count = std::bit_floor(count - 1);
  Integer high;
  add_digits(digits, begin + low_count, count - low_count, high);
  add_digits(digits, begin, low_count, sum);
  sum += high * powers_[static_cast<std::size_t>(std::countr_zero(low_count))];
}

void CodeBook::take_digits(const Integer& q, std::size_t count, Digits& digits) const {
  if (count == 1) {
    digits.push_back(q.convert_to<long>());
    return;
  }
  const std::size_t low_count = std::bit_floor(count - 1);
  Integer high, low;
  divide_qr(q, powers_[static_cast<std::size_t>(std::countr_zero(low_count))], high, low);
  take_digits(low, low_count, digits);
  take_digits(high, count - low_count, digits);
}

Integer CodeBook::from_digits(const Digits& digits) const {
  Integer sum = 0;
  add_digits(digits, 0, digits.size(), sum);
  return sum;
}

Digits CodeBook::to_digits(const Integer& q, std::size_t count) const {
  Digits digits;
  digits.reserve(count);
  take_digits(q, count, digits);
  return digits;
}

Integer CodeBook::own_code(const Digits& digits, long position) const {
  const auto begin = digits.begin() + position * d_;
  return from_digits(Digits(begin, begin + d_)) * power(base(), static_cast<unsigned long>(position * d_));
}

Integer CodeBook::integer(const Code& code) const {
  return own_code(code.digits, code.position) + context_factor_ * from_digits(code.digits);
}

Code CodeBook::lowest() const { return {Digits(digit_count_, 1), first_}; }

std::optional<Code> CodeBook::next(const Code& code) const {
  if (code.position + 1 < tokens_) return Code{code.digits, code.position + 1};
  if (auto digits = following(code.digits, k_)) return Code{std::move(*digits), first_};
  return std::nullopt;
}

std::optional<Code> CodeBook::at_or_below(const Rational& z) const {
  if (z < 0) return std::nullopt;
  const Integer context = floor(Rational(z / context_factor_));
  if (context >= context_factor_) return Code{Digits(digit_count_, k_), tokens_ - 1};
  Digits digits = to_digits(context, digit_count_);
  if (is_valid(digits)) {
    const Rational own = z - context * context_factor_;
    for (long j = tokens_ - 1; j >= first_; --j) {
      if (own_code(digits, j) <= own) return Code{std::move(digits), j};
    }
  }
  if (auto lower = previous(std::move(digits), k_)) return Code{std::move(*lower), tokens_ - 1};
  return std::nullopt;
}

std::optional<Code> CodeBook::above(const Rational& z) const {
  if (z < 0) return lowest();
  const Integer context = floor(Rational(z / context_factor_));
  if (context >= context_factor_) return std::nullopt;
  Digits digits = to_digits(context, digit_count_);
  if (is_valid(digits)) {
    const Rational own = z - context * context_factor_;
    for (long j = first_; j < tokens_; ++j) {
      if (own_code(digits, j) > own) return Code{std::move(digits), j};
    }
  }
  if (auto higher = following(std::move(digits), k_)) return Code{std::move(*higher), first_};
  return std::nullopt;
}

}  // namespace promptbound
