// Evaluation without dense weights, of universal_transformer.hpp.
#include <promptbound/constructions/universal_transformer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

/// Where a token on a ramp exceeds its digits: fraction * K^place.
struct Excess {
  std::size_t place;
  Rational fraction;
};

}  // namespace

Vector<Rational> UniversalTransformer::interpolate(const Rational& z) const {
  const std::optional<Code> below = codes_.at_or_below(z);
  if (!below) return wanted_output(codes_.lowest());
  Vector<Rational> value = wanted_output(*below);
  const Rational distance = z - codes_.integer(*below);
  if (distance == 0) return value;
  const std::optional<Code> above = codes_.next(*below);
  if (!above) return value;
  const Rational weight = distance / Rational(codes_.integer(*above) - codes_.integer(*below));
  return value + (wanted_output(*above) - value) * weight;
}

Vector<Rational> UniversalTransformer::through_windows(const Rational& z) const {
  // Codes are at least K^{dm} >= 2 apart and a window only lowers z, so in rising order at most one window
  // acts.
  Vector<Rational> result = Vector<Rational>::Zero(grid_.d);
  result(0) = z;
  for (const std::optional<Code>& code : {codes_.at_or_below(z), codes_.above(z)}) {
    if (!code) continue;
    const Rational knot(codes_.integer(*code));
    const Rational hat = 1 - abs(Rational(z - knot));
    if (hat <= 0) continue;
    result += wanted_output(*code) * hat;
    result(0) -= knot * hat;
    break;
  }
  for (Rational& entry : result) entry = std::min(entry, Rational(1));
  return result;
}

Matrix<Rational> UniversalTransformer::evaluate_sparse(UniversalForm form, const Matrix<Rational>& prompt,
                                                       const Matrix<Rational>& input) const {
  const Matrix<Rational> Z = concatenate(prompt, input);
  if (Z.rows() != grid_.d || prompt.cols() != prompt_tokens_ || input.cols() != L_) {
    throw InputError("sequence: " + std::to_string(Z.rows()) + "x" + std::to_string(prompt.cols()) +
                     " prompt and " + std::to_string(input.cols()) +
                     " input tokens (accepted: " + std::to_string(grid_.d) + "x" +
                     std::to_string(prompt_tokens_) + " and " + std::to_string(L_) + ")");
  }
  // FFN 1, and the sum of all codes.
  Digits digits(codes_.digit_count());
  std::vector<Excess> excesses;
  for (long token = 0; token < grid_.tokens; ++token) {
    for (Index c = 0; c < grid_.d; ++c) {
      const auto place = static_cast<std::size_t>(grid_.d * token + c);
      Step step = step_of(grid_, Z(c, token) - 2 * token);
      digits[place] = step.digit;
      if (step.fraction != 0) excesses.push_back({place, std::move(step.fraction)});
    }
  }
  Rational context(codes_.from_digits(digits));
  for (const Excess& excess : excesses) context += excess.fraction * power(codes_.base(), excess.place);
  // Attention, then FFN 2, at the input positions.
  Matrix<Rational> result(grid_.d, L_);
  for (Index i = 0; i < L_; ++i) {
    const long token = prompt_tokens_ + i;
    Rational own;
    for (Index c = 0; c < grid_.d; ++c) {
      own += level(c, token, 1) * digits[static_cast<std::size_t>(grid_.d * token + c)];
    }
    for (const Excess& excess : excesses) {
      if (static_cast<long>(excess.place) / grid_.d == token) {
        own += excess.fraction * power(codes_.base(), excess.place);
      }
    }
    const Rational z = own + context * codes_.context_factor();
    result.col(i) = form == UniversalForm::wide ? interpolate(z) : through_windows(z);
  }
  return result;
}

}  // namespace promptbound
