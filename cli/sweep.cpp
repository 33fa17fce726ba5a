#include <fmt/format.h>

#include <promptbound/cli/sweep.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto position = text.find(separator);
    parts.push_back(text.substr(0, position));
    if (position == std::string_view::npos) return parts;
    text.remove_prefix(position + 1);
  }
}

[[noreturn]] void fail(const Parameter& parameter, std::string_view text, std::string_view why) {
  throw InputError(fmt::format("--{} '{}': {} (accepted: 5, 1:8, 0:1:1/4, 1:64:x2, 1/10,1/100)",
                               parameter.name, text.substr(0, 60), why));
}

std::string more_than(std::uint64_t most) { return fmt::format("more than {} points", most); }

}  // namespace

Values::Values(const Parameter& parameter, std::string_view text, std::uint64_t most)
    : parameter_(&parameter) {
  for (const std::string_view part : split(text, ',')) {
    pieces_.push_back(parse_piece(part, most));
    size_ += pieces_.back().count;
    if (size_ > most) fail(parameter, text, more_than(most));
  }
}

Values::Piece Values::parse_piece(std::string_view text, std::uint64_t most) const {
  const auto parts = split(text, ':');
  if (parts.size() == 1) return {1, parse_argument(*parameter_, text), 0, false};
  if (parts.size() > 3 || parameter_->domain == Parameter::Domain::choice)
    fail(*parameter_, text, "not a range");

  Piece piece{0, parse_argument(*parameter_, parts[0]), 1, false};
  const Argument last_argument = parse_argument(*parameter_, parts[1]);
  if (piece.first.number().infinite || last_argument.number().infinite)
    fail(*parameter_, text, "a range must be finite");
  if (parts.size() == 3) {
    piece.geometric = parts[2].substr(0, 1) == "x";
    const auto step = parse_number(piece.geometric ? parts[2].substr(1) : parts[2]);
    if (!step || step->infinite) fail(*parameter_, text, "the step is not a number");
    piece.step = step->value;
  }
  const Rational& first = piece.first.number().value;
  const Rational& last = last_argument.number().value;
  if (last < first) fail(*parameter_, text, "the range is empty");
  if (piece.geometric) {
    if (piece.step <= 1 || first <= 0) fail(*parameter_, text, "a factor must be > 1 and the start > 0");
    for (Rational value = first; value <= last; value *= piece.step) {
      // These are counted one by one, and their values grow with their number.
      if (++piece.count > most_points) fail(*parameter_, text, more_than(most_points));
    }
  } else {
    if (piece.step <= 0) fail(*parameter_, text, "a step must be > 0");
    const Integer count = floor(Rational((last - first) / piece.step)) + 1;
    if (count > most) fail(*parameter_, text, more_than(most));
    piece.count = count.convert_to<std::uint64_t>();
  }
  if (parameter_->domain == Parameter::Domain::count && piece.count > 1 && !is_integer(piece.step)) {
    fail(*parameter_, text, "the values must be whole numbers");
  }
  return piece;
}

Argument Values::at(std::uint64_t index) const {
  for (const Piece& piece : pieces_) {
    if (index >= piece.count) {
      index -= piece.count;
      continue;
    }
    if (index == 0) return piece.first;
    const Rational& first = piece.first.number().value;
    return piece.geometric ? Rational(first * power(piece.step, index))
                           : Rational(first + piece.step * index);
  }
  throw std::out_of_range("index beyond the sweep");
}

Sweep::Sweep(std::vector<Values> values, std::uint64_t most) : values_(std::move(values)) {
  for (const Values& one : values_) {
    if (one.size() > most / size_)
      throw InputError(fmt::format("the sweep has {}: shorten a range", more_than(most)));
    size_ *= one.size();
  }
}

Arguments Sweep::at(std::uint64_t index) const {
  Arguments arguments;
  for (auto one = values_.rbegin(); one != values_.rend(); ++one) {
    arguments.set(one->parameter().name, one->at(index % one->size()));
    index /= one->size();
  }
  return arguments;
}

std::vector<const Parameter*> Sweep::varying() const {
  std::vector<const Parameter*> result;
  for (const Values& one : values_) {
    if (one.size() > 1) result.push_back(&one.parameter());
  }
  return result;
}

}  // namespace promptbound
