#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <memory>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/box_division.hpp>
#include <promptbound/verify/supremum/integral.hpp>

namespace promptbound {
namespace {

constexpr std::size_t cells_integrated_at_once = 64;
constexpr long bits = 64;

/// The largest distance of a point of x from m.
Interval reach(const FastInterval& x, double m) { return abs(Interval(x) - Interval(m)).upper_point(); }

double middle(const FastInterval& x) { return x.lower() + (x.upper() - x.lower()) / 2; }

/// Bounds on the mean of (|e|/unit)^alpha over the box of the form.
Interval mean_power(const LinearForm<FastInterval>& form, const Rational& alpha, const Interval& unit) {
  const double c = middle(form.centre());
  Interval h = reach(form.centre(), c), s(0);
  for (const FastInterval& slope : form.slopes()) {
    const double a = middle(slope);
    h += reach(slope, a);
    s += abs(Interval(a));
  }
  const Interval centre(c);
  const auto power_of = [&](const Interval& size) { return nonnegative_power(size / unit, alpha); };
  const Interval least = max(Interval(0), (abs(centre) - h).lower_point());
  const Interval most = (power_of(abs(centre - s) + h) + power_of(abs(centre + s) + h)) / Interval(2);
  return {power_of(least), most};
}

struct Cell {
  Box box;
  Interval share;                            ///< an enclosure of the integral over the box
  double width = 0;                          ///< of the share, rounded
  std::shared_ptr<const KeySelection> keys;  ///< selected for this box
  friend bool operator<(const Cell& a, const Cell& b) { return a.width < b.width; }
};

class Quadrature {
 public:
  Quadrature(const ApproximationProblem& problem, const IntegralOptions& options)
      : problem_(problem), options_(options), errors_(problem), arena_(options.threads) {}

  IntegralAnswer run() {
    const WorkingPrecision scope(bits);
    const auto n = static_cast<std::size_t>(problem_.target.n());
    Cell whole;
    whole.box = {std::vector<double>(n, 0.5), std::vector<double>(n, 0.5)};
    unit_ = largest_error(whole.box);
    measure(whole, errors_.all_keys());
    push(std::move(whole));
    sum();
    std::string why;
    while (why.empty() && !is_done()) {
      if (options_.progress)
        options_.progress({d_alpha_.lower_double(), d_alpha_.upper_double(), cells_.size(), cells_.size()});
      if (cells_.size() + cells_integrated_at_once > options_.most_boxes)
        why = "the budget of boxes is used up";
      for (std::size_t round = 0; why.empty() && round < cells_.size() / (4 * cells_integrated_at_once) + 1;
           ++round)
        why = refine();
      sum();
    }
    return answer(std::move(why));
  }

 private:
  /// A bound on the error of every output over the box, or 1 where none is finite and positive.
  [[nodiscard]] Interval largest_error(const Box& box) const {
    double largest = 0;
    const auto forms = errors_(box, errors_.all_keys());  // outlives the view that the loop goes over
    for (const LinearForm<FastInterval>& form : forms.reshaped())
      largest = std::max(largest, abs(form.range()).upper());
    return Interval(std::isfinite(largest) && largest > 0 ? largest : 1.0);
  }

  /// Sets the cell's share, and the keys for its parts.
  void measure(Cell& cell, const KeySelection& keys) const {
    auto refined = std::make_shared<KeySelection>();
    const auto forms = errors_(cell.box, keys, refined.get());
    Interval density(0);
    for (const LinearForm<FastInterval>& form : forms.reshaped()) {
      density += form.range().is_finite()
                     ? mean_power(form, problem_.alpha.value, unit_)
                     : Interval(FastInterval(0, std::numeric_limits<double>::infinity()));
    }
    double volume = 1;  // a product of powers of 2
    for (const double radius : cell.box.radius) volume *= 2 * radius;
    cell.share = Interval(volume) * density;
    cell.width = (cell.share.upper_point() - cell.share.lower_point()).upper_double();
    cell.keys = std::move(refined);
  }

  /// Halves the widest cells; says why it cannot.
  std::string refine() {
    std::vector<Cell> chosen;
    while (chosen.size() < cells_integrated_at_once && !cells_.empty()) {
      std::pop_heap(cells_.begin(), cells_.end());
      chosen.push_back(std::move(cells_.back()));
      cells_.pop_back();
    }
    std::vector<Cell> halves(2 * chosen.size());
    std::string why;
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      const Box& box = chosen[k].box;
      const auto widest = static_cast<std::size_t>(std::max_element(box.radius.begin(), box.radius.end()) -
                                                   box.radius.begin());
      if (box.radius[widest] < smallest_radius) why = "a box is too small to divide in binary64";
      const double radius = box.radius[widest] / 2;
      for (const std::size_t half : {2 * k, 2 * k + 1}) {
        halves[half].box = box;
        halves[half].box.radius[widest] = radius;
        halves[half].box.centre[widest] += half == 2 * k ? -radius : radius;
      }
    }
    if (!why.empty()) {
      for (Cell& cell : chosen) push(std::move(cell));
      return why;
    }
    arena_.execute([&] {
      tbb::parallel_for(std::size_t(0), halves.size(), [&](std::size_t k) {
        const WorkingPrecision scope(bits);
        measure(halves[k], *chosen[k / 2].keys);
      });
    });
    for (Cell& half : halves) push(std::move(half));
    return why;
  }

  void push(Cell cell) {
    cells_.push_back(std::move(cell));
    std::push_heap(cells_.begin(), cells_.end());
  }

  /// The integral over all cells.
  void sum() {
    Interval total(0);
    for (const Cell& cell : cells_) total += cell.share;
    d_alpha_ = unit_ * nonnegative_power(total, Rational(1 / problem_.alpha.value));
  }

  [[nodiscard]] bool is_done() const {
    if (certainly_less(Interval(options_.eps), d_alpha_)) return true;
    return certainly_less_equal(d_alpha_, Interval(options_.eps)) &&
           certainly_less_equal(d_alpha_.upper_point(),
                                Interval(Rational(1 + options_.ratio)) * d_alpha_.lower_point());
  }

  IntegralAnswer answer(std::string why) const {
    IntegralAnswer result;
    result.why = std::move(why);
    result.d_alpha = d_alpha_;
    result.spent.boxes = cells_.size();
    result.proof = supremum_proof();
    if (certainly_less(Interval(options_.eps), d_alpha_)) {
      result.verdict = Verdict::refuted;
      result.why = "the integral is certainly larger";
    } else if (certainly_less_equal(d_alpha_, Interval(options_.eps))) {
      result.verdict = Verdict::proved;
      result.why = "the integral is enclosed below";
    } else if (!d_alpha_.is_finite()) {
      result.why = "no finite bound was found: " + result.why;
    }
    return result;
  }

  const ApproximationProblem& problem_;
  const IntegralOptions& options_;
  BoxError<FastInterval> errors_;
  tbb::task_arena arena_;
  std::vector<Cell> cells_;  ///< a heap
  Interval unit_ = Interval(1), d_alpha_ = Interval::whole_line();
};

}  // namespace

IntegralAnswer enclose_integral(const ApproximationProblem& problem, const IntegralOptions& options) {
  problem.check();
  if (problem.alpha.infinite)
    throw InputError("alpha: inf (accepted with the integral: a finite number >= 1)");
  if (options.eps < 0) throw InputError("eps: " + options.eps.str() + " (accepted: eps >= 0)");
  if (options.ratio < 0) throw InputError("ratio: " + options.ratio.str() + " (accepted: ratio >= 0)");
  return Quadrature(problem, options).run();
}

}  // namespace promptbound
