#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>

#include <promptbound/constructions/quantized_function.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/supremum/box_division.hpp>
#include <promptbound/verify/supremum/packed_cover.hpp>

namespace promptbound {
namespace {

constexpr Index cells_at_once = 4096;
constexpr std::uint64_t most_boxes_of_cell = 1 << 16;
constexpr long noise_bits = 128;
constexpr long witness_bits = 512;
/// Ends of cells are moved outwards to multiples of this: centres and radii are then exact.
constexpr long grid = 1L << 50;

using Form = LinearForm<FastInterval>;

/// What is known of a cell.
struct CellBound {
  double upper = 0;            ///< of the error on the enlarged cell
  double lower_at_centre = 0;  ///< of the error at the cell's centre
  std::uint64_t boxes = 0;
};

class PackedCover {
 public:
  PackedCover(const ApproximationProblem& problem, const SupremumOptions& options,
              const RecognisedPacked& packed)
      : problem_(problem),
        options_(options),
        packed_(packed),
        recipe_(packed.network.recipe()),
        gathered_(packed.network.gather_error().upper()) {
    // There the first shift has weight 1: the gathered centre keeps 2 eta from all borders.
    centres_count_ = recipe_.k * gathered_ + 2 * recipe_.eta <= Rational(1, 2);
    const WorkingPrecision scope(fast_bits);
    if (options.eps) goal_ = Interval(*options.eps).lower_double();
  }

  SupremumAnswer run() {
    SupremumAnswer answer;
    tbb::task_arena arena(options_.threads);
    const Index cells = packed_.values.cols();
    double upper = 0;
    Index done = 0, worst = 0;
    double lower = 0;
    std::uint64_t boxes = 0;
    std::vector<CellBound> bounds;
    while (done < cells && boxes < options_.most_boxes && !is_above(Rational(lower))) {
      const Index count = std::min(cells_at_once, cells - done);
      bounds.assign(static_cast<std::size_t>(count), {});
      arena.execute([&] {
        tbb::parallel_for(Index(0), count, [&](Index i) {
          const WorkingPrecision scope(fast_bits);
          bounds[static_cast<std::size_t>(i)] = bound(done + i);
        });
      });
      for (Index i = 0; i < count; ++i) {
        const CellBound& cell = bounds[static_cast<std::size_t>(i)];
        upper = std::max(upper, cell.upper);
        boxes += cell.boxes;
        if (cell.lower_at_centre > lower) {
          lower = cell.lower_at_centre;
          worst = done + i;
        }
      }
      done += count;
      if (options_.progress)
        options_.progress(
            {lower, done < cells ? HUGE_VAL : upper, boxes, static_cast<std::size_t>(cells - done)});
    }
    answer.spent.boxes = boxes;
    answer.spent.most_waiting = 0;
    if (done == cells && std::isfinite(upper)) answer.upper = Rational(upper);
    if (centres_count_) answer.witness = ErrorWitness{centre(worst), Rational(lower)};
    decide(answer, done == cells);
    return answer;
  }

 private:
  [[nodiscard]] bool is_above(const Rational& lower) const { return options_.eps && lower > *options_.eps; }

  void decide(SupremumAnswer& answer, bool is_whole) const {
    answer.proof = packed_supremum_proof();
    const Rational least = answer.witness ? answer.witness->error : Rational(0);
    if (is_above(least)) {
      refute(answer);
      return;
    }
    if (answer.upper && (options_.eps ? *answer.upper <= *options_.eps
                                      : *answer.upper <= Rational((1 + options_.ratio) * least))) {
      answer.verdict = Verdict::proved;
      answer.why = "theory 5.9: on no enlarged cell is the stored value further than this from the target";
      answer.packed = recipe_;
      return;
    }
    answer.why = is_whole ? "theory 5.9: on an enlarged cell the stored value is not shown to be within eps"
                          : "the budget of boxes is used up";
  }

  /// The network itself has the last word.
  void refute(SupremumAnswer& answer) const {
    const Matrix<Rational>& X = answer.witness->X;
    try {
      answer.witness->error =
          at_rising_precision("the error at the witness", witness_bits, [&]() -> std::optional<Rational> {
            const Interval error = error_at(problem_, X);
            if (!certainly_less(Interval(*options_.eps), error)) return std::nullopt;
            return error.lower();
          });
    } catch (const Undecided& undecided) {
      answer.why = undecided.what();
      return;
    }
    answer.proof = supremum_proof();
    answer.verdict = Verdict::refuted;
    answer.why = "the error at the witness is above eps";
  }

  [[nodiscard]] Matrix<Rational> centre(Index cell) const {
    const std::vector<long> digits = reflected_cell(recipe_.k, recipe_.n(), cell);
    Matrix<Rational> X(recipe_.d, recipe_.L);
    for (Index o = 0; o < recipe_.n(); ++o)
      X(o % recipe_.d, o / recipe_.d) = Rational(2 * digits[static_cast<std::size_t>(o)] + 1, 2 * recipe_.k);
    return X;
  }

  /// The inputs at which the cell's value may be part of the output: k x' + 4 eta j is in [c, c + 1] for a
  /// shift j in 0 .. n and a gathered x' in [x - q_1, x].
  [[nodiscard]] Box enlarged(Index cell) const {
    Box box;
    for (const long digit : reflected_cell(recipe_.k, recipe_.n(), cell)) {
      const Rational low = (digit - 4 * recipe_.n() * recipe_.eta) / recipe_.k;
      const Rational high = Rational(digit + 1, recipe_.k) + gathered_;
      const Integer first = std::max(Integer(0), floor(Rational(low * grid)));
      const Integer last = std::min(Integer(grid), ceil(Rational(high * grid)));
      box.centre.push_back(std::ldexp(Integer(first + last).convert_to<double>(), -51));
      box.radius.push_back(std::ldexp(Integer(last - first).convert_to<double>(), -51));
    }
    return box;
  }

  /// The output's distance from the target, over all it can be: the cut at 1 leaves of a mixture of q v one
  /// of numbers between min(1, q v) and q v.
  [[nodiscard]] FastInterval error(const Vector<FastInterval>& held, const Box& box) const {
    Matrix<Form> X(recipe_.d, recipe_.L);
    for (Index o = 0; o < recipe_.n(); ++o) {
      const auto i = static_cast<std::size_t>(o);
      const FastInterval middle(box.centre[i]);
      X(o % recipe_.d, o / recipe_.d) =
          box.radius[i] == 0 ? Form(middle) : Form(middle, FastInterval(box.radius[i]), i);
    }
    const Matrix<Form> wanted = evaluate(problem_.target, X);
    Matrix<Interval> distances(recipe_.n(), 1);
    for (Index o = 0; o < recipe_.n(); ++o)
      distances(o) = Interval((Form(held(o)) - wanted.reshaped()(o)).range());
    return FastInterval(alpha_norm(distances, problem_.alpha));
  }

  [[nodiscard]] CellBound bound(Index cell) const {
    CellBound result;
    Vector<FastInterval> held(recipe_.n()), at_centre(recipe_.n());
    for (Index o = 0; o < recipe_.n(); ++o) {
      const Rational value = recipe_.step() * Rational(packed_.values(o, cell));
      at_centre(o) = FastInterval(std::min(Rational(1), value));
      held(o) = hull(at_centre(o), FastInterval(value));
    }
    if (centres_count_) {
      const Matrix<FastInterval> wanted =
          evaluate(problem_.target, from_rational<FastInterval>(centre(cell)));
      Matrix<Interval> distances(recipe_.n(), 1);
      for (Index o = 0; o < recipe_.n(); ++o) distances(o) = Interval(at_centre(o) - wanted.reshaped()(o));
      const Interval norm = alpha_norm(distances, problem_.alpha);
      if (norm.is_finite()) result.lower_at_centre = std::max(0.0, norm.lower_double());
    }
    double whole = HUGE_VAL;
    std::vector<Box> pending = {enlarged(cell)};
    while (!pending.empty()) {
      const Box box = std::move(pending.back());
      pending.pop_back();
      ++result.boxes;
      const double bound_here = error(held, box).upper();
      const double upper = std::isnan(bound_here) ? HUGE_VAL : bound_here;
      if (result.boxes == 1) whole = upper;
      const auto widest = std::max_element(box.radius.begin(), box.radius.end());
      const bool may_halve =
          goal_ && upper > *goal_ &&
          result.boxes<most_boxes_of_cell&& * widest> 1.0 / static_cast<double>(grid >> 8) &&
          !misses(held, box);
      if (!may_halve) {
        result.upper = std::max(result.upper, upper);
        if (!goal_ || upper <= *goal_) continue;
        result.upper = whole;  // there is nothing to gain from the rest
        return result;
      }
      auto [first, second] = halves(box, static_cast<std::size_t>(widest - box.radius.begin()));
      pending.push_back(std::move(first));
      pending.push_back(std::move(second));
    }
    return result;
  }

  /// Is the value further than eps from the target at the middle? Then no halving helps.
  [[nodiscard]] bool misses(const Vector<FastInterval>& held, Box box) const {
    std::fill(box.radius.begin(), box.radius.end(), 0.0);
    const double lower = error(held, box).lower();
    return std::isfinite(lower) && is_above(Rational(lower));
  }

  const ApproximationProblem& problem_;
  const SupremumOptions& options_;
  const RecognisedPacked& packed_;
  const PackedRecipe& recipe_;
  Rational gathered_;  ///< at least q_1
  bool centres_count_ = false;
  std::optional<double> goal_;
};

}  // namespace

Proofs packed_supremum_proof() {
  return {proved_on_paper("5.9",
                          "the weights are those of 5.9 and its outputs mixtures of the stored values, which "
                          "are enclosed against the "
                          "target on every enlarged cell; in Coq at function level",
                          {"algebra.packed_address.packed_lookup", "analysis.packed_attention.packed_read"})};
}

SupremumAnswer enclose_packed_supremum(const ApproximationProblem& problem, const SupremumOptions& options,
                                       const RecognisedPacked& packed) {
  const WorkingPrecision scope(noise_bits);
  const Rational quarter(Integer(1), 4 * packed.network.recipe().packed_tokens().values_of_entry());
  if (certainly_less_equal(packed.network.read_error(), Interval(quarter)))
    return PackedCover(problem, options, packed).run();
  SupremumAnswer answer;
  answer.spent.boxes = 0;
  answer.spent.most_waiting = 0;
  answer.proof = supremum_proof();
  answer.why =
      "theory 5.9: the noise of attention is not shown to leave every digit exact (Lambda_2, Lambda_3, "
      "Lambda_4 are too small)";
  return answer;
}

}  // namespace promptbound
