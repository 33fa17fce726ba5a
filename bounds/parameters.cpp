#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <promptbound/bounds/parameters.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

using Domain = Parameter::Domain;

bool is_accepted(const Parameter& parameter, const Number& number) {
  if (number.infinite) return parameter.domain == Domain::exponent;
  switch (parameter.domain) {
    case Domain::count:
      return is_integer(number.value) && number.value >= parameter.least && number.value <= parameter.most;
    case Domain::positive:
      return number.value > 0;
    case Domain::nonnegative:
      return number.value >= 0;
    case Domain::exponent:
      return number.value >= 1;
    case Domain::choice:
      return false;
  }
  return false;
}

[[noreturn]] void refuse(const Parameter& parameter, std::string_view text) {
  throw InputError(fmt::format("--{} '{}' is not accepted: {} is {}", parameter.name, text.substr(0, 60),
                               parameter.name, parameter.accepted()));
}

}  // namespace

std::string Parameter::accepted() const {
  switch (domain) {
    case Domain::count:
      return fmt::format("a whole number from {} to {}", least, most);
    case Domain::positive:
      return "a number > 0 such as 1/10, 0.1 or 1e-3";
    case Domain::nonnegative:
      return "a number >= 0 such as 0, 1/10 or 0.1";
    case Domain::exponent:
      return "a number >= 1, or inf";
    case Domain::choice:
      return fmt::format("one of {}", fmt::join(choices, ", "));
  }
  return "";
}

Argument parse_argument(const Parameter& parameter, std::string_view text) {
  if (parameter.domain == Parameter::Domain::choice) {
    if (std::find(parameter.choices.begin(), parameter.choices.end(), text) != parameter.choices.end())
      return std::string(text);
  } else if (std::optional<Number> number = parse_number(text); number && is_accepted(parameter, *number)) {
    return std::move(*number);
  }
  refuse(parameter, text);
}

Argument checked_argument(const Parameter& parameter, const Number& number) {
  if (!is_accepted(parameter, number)) refuse(parameter, exact_text(number));
  return number;
}

namespace parameters {
namespace {
constexpr long largest_size = 1000000000;  // d L then fits a machine word
}

const Parameter d{"d", "token dimension (model width)", "coordinates", Domain::count, 1, largest_size};
const Parameter L{"L", "input length", "tokens", Domain::count, 1, largest_size};
const Parameter m{"m", "prompt length", "tokens", Domain::count};
const Parameter w{"w", "entries of one prompt token", "coordinates", Domain::count, 1, largest_size};
const Parameter T{"T", "sequence length", "tokens", Domain::count, 2};
const Parameter eps{"eps", "accuracy", "output units", Domain::positive};
const Parameter C{"C", "Lipschitz constant of the functions", "output per input unit", Domain::positive};
const Parameter alpha{"alpha", "exponent of the entrywise norm", "", Domain::exponent};
const Parameter b{"b", "bits of one prompt entry", "bits", Domain::count, 1, 1000000};
const Parameter P{"P", "payload entries of one prompt token", "coordinates", Domain::count};
const Parameter R{"R", "radius that bounds every prompt token (norm=max: every entry)", "input units",
                  Domain::positive};
const Parameter Lambda{"Lambda", "Lipschitz constant of the model in the prompt", "output per prompt unit",
                       Domain::positive};
const Parameter Lambda_W{"Lambda-W",
                         "Lipschitz constant in the Wasserstein-1 distance of the prompt's measure",
                         "output per prompt unit", Domain::positive};
const Parameter Delta{"Delta", "labels are pairwise further apart than this", "output units",
                      Domain::positive};
const Parameter K{"K", "labels that each input may be given", "labels", Domain::count, 2};
const Parameter N{"N", "examples to memorize", "inputs", Domain::count};
const Parameter v{"v", "vocabulary size", "symbols", Domain::count, 2};
const Parameter S{"S", "bound on the absolute attention score", "", Domain::nonnegative};
const Parameter eta{"eta", "relative accuracy of the polynomial for exp", "", Domain::positive};
const Parameter g{"g", "degree of the polynomial", "", Domain::count, 0, 100000};
const Parameter s{"s", "least distance of two tokens", "input units", Domain::positive};
const Parameter r_min{"r-min", "lower bound of the token norms", "input units", Domain::positive};
const Parameter r_max{"r-max", "upper bound of the token norms", "input units", Domain::positive};
const Parameter B{"B", "largest entry of the prompt-induced queries, keys and values", "", Domain::positive};
const Parameter d_v{"d-v", "dimension of the values", "coordinates", Domain::count, 1, largest_size};
const Parameter length{"l", "length of the output sequences", "symbols", Domain::count};
const Parameter ball_radius{"ball-radius", "r: radius of the max-norm ball of prompt tokens", "input units",
                            Domain::positive};
const Parameter told_apart{"told-apart",
                           "eps: distance, in the max norm, at which prompt tokens are told apart",
                           "input units", Domain::positive};
const Parameter norm{"norm",
                     "norm of R and Lambda: euclidean (of a token) or max (of an entry)",
                     "",
                     Domain::choice,
                     1,
                     1,
                     {"euclidean", "max"}};
const Parameter exp_cost{"exp-cost", "cost of one exponential in multiply-adds", "multiply-adds",
                         Domain::count};

}  // namespace parameters
}  // namespace promptbound
