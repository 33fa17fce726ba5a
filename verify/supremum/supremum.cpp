#include <promptbound/verify/supremum/supremum.hpp>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <memory>
#include <queue>
#include <stdexcept>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/box_division.hpp>
#include <promptbound/verify/supremum/halving_tree.hpp>
#include <promptbound/verify/supremum/packed_cover.hpp>

namespace promptbound {
namespace {

/// Boxes taken from the queue at once; fixed, so that the search is the same for any number of threads.
constexpr std::size_t boxes_at_once = 64;
constexpr double infinity = std::numeric_limits<double>::infinity();

class SupremumSearch {
 public:
  SupremumSearch(const ApproximationProblem& problem, const SupremumOptions& options)
      : problem_(problem), options_(options), bounds_(problem), arena_(options.threads) {}

  SupremumAnswer run() {
    if (options_.resume) {
      resume(*options_.resume);
    } else {
      start();
    }
    std::string why;
    while (why.empty()) {
      if (options_.progress) options_.progress(progress());
      if (options_.wants_checkpoint && options_.wants_checkpoint()) options_.checkpoint(state());
      if (is_refuted()) break;
      std::vector<Leaf> chosen = next();
      if (chosen.empty()) break;
      if (boxes_ >= options_.most_boxes) why = "the budget of boxes is used up";
      // A node of the tree takes less than a sixteenth of a waiting box's memory.
      if (waiting_.size() + chosen.size() + tree_.size() / 16 > options_.most_waiting || tree_.is_full())
        why = "the memory budget is used up";
      if (!why.empty()) {
        for (Leaf& leaf : chosen) waiting_.push(std::move(leaf));
        break;
      }
      std::vector<Division> divisions(chosen.size());
      arena_.execute([&] {
        tbb::parallel_for(std::size_t(0), chosen.size(),
                          [&](std::size_t k) { divisions[k] = divide(bounds_, chosen[k]); });
      });
      for (std::size_t k = 0; k < chosen.size(); ++k) {
        take(divisions[k].point);
        if (!divisions[k].halves) {
          why = "a box is too small to divide in binary64";
          waiting_.push(std::move(chosen[k]));
          continue;
        }
        auto& [first, second] = *divisions[k].halves;
        first.node = tree_.halve(chosen[k].node, divisions[k].coordinate);
        second.node = first.node + 1;
        put(std::move(first));
        put(std::move(second));
        boxes_ += 2;
      }
    }
    if (!why.empty() && options_.checkpoint) options_.checkpoint(state());
    return answer(std::move(why));
  }

 private:
  [[nodiscard]] std::size_t n() const { return static_cast<std::size_t>(problem_.target.n()); }

  [[nodiscard]] Box cube() const { return unit_cube(n()); }

  void start() {
    const WorkingPrecision scope(fast_bits);
    Leaf root;
    root.box = cube();
    root.upper = bounds_.errors(root.box).upper();
    boxes_ = 1;
    look_at(root.box.centre);
    put(std::move(root));
  }

  /// Goes on from the halvings and the witness; every bound is computed again, so that a state which is not
  /// what a search left costs time, and no more.
  void resume(const SupremumState& state) {
    const bool fits = state.witness.empty() || state.witness.size() == n();
    const auto is_inside = [](double x) { return x >= 0 && x <= 1; };
    if (!fits || !std::all_of(state.witness.begin(), state.witness.end(), is_inside))
      throw InputError("checkpoint: the witness does not fit the problem");
    tree_ = HalvingTree(state.tree, n());
    look_at(state.witness.empty() ? cube().centre : state.witness);
    if (!is_refuted()) measure_tree();
  }

  /// Bounds the boxes of the tree, a part of a box no worse than the box itself, and puts those that are not
  /// halved where they belong.
  void measure_tree() {
    std::vector<Leaf> pending(1);
    pending.back().box = cube();
    while (!pending.empty()) {
      if (options_.progress) options_.progress({lower(), infinity, boxes_, waiting_.size()});
      if (waiting_.size() > options_.most_waiting)
        throw InputError("checkpoint: more boxes wait than the memory budget has room for");
      const std::size_t count = std::min(boxes_at_once, pending.size());
      std::vector<Leaf> chosen(std::make_move_iterator(pending.end() - static_cast<std::ptrdiff_t>(count)),
                               std::make_move_iterator(pending.end()));
      pending.resize(pending.size() - count);
      std::vector<std::shared_ptr<KeySelection>> keys(count);
      arena_.execute([&] {
        tbb::parallel_for(std::size_t(0), count, [&](std::size_t k) {
          const WorkingPrecision scope(fast_bits);
          keys[k] = std::make_shared<KeySelection>();
          chosen[k].upper = std::min(chosen[k].upper, bounds_.measure(chosen[k], *keys[k]));
        });
      });
      boxes_ += count;
      for (std::size_t k = 0; k < count; ++k) {
        const std::int32_t coordinate = tree_.coordinate(chosen[k].node);
        if (coordinate < 0) {
          put(std::move(chosen[k]));
          continue;
        }
        auto [low, high] = halves(chosen[k].box, static_cast<std::size_t>(coordinate));
        const std::uint32_t first = tree_.first_half(chosen[k].node);
        pending.push_back({chosen[k].upper, std::move(high), keys[k], first + 1});
        pending.push_back({chosen[k].upper, std::move(low), keys[k], first});
      }
    }
  }

  [[nodiscard]] SupremumState state() const {
    return {tree_.text(), witness_ ? witness_->X : std::vector<double>()};
  }

  /// Of the supremum, which is a norm.
  [[nodiscard]] double lower() const { return witness_ ? witness_->lower : 0; }

  /// Is an error above eps in hand?
  [[nodiscard]] bool is_refuted() const {
    return options_.eps && witness_ && Rational(witness_->lower) > *options_.eps;
  }

  /// Boxes with bounds up to this need no more work.
  [[nodiscard]] double goal() const { return promptbound::goal(options_.eps, options_.ratio, lower()); }

  std::vector<Leaf> next() {
    std::vector<Leaf> chosen;
    const double level = goal();
    while (chosen.size() < boxes_at_once && !waiting_.empty() && waiting_.top().upper > level) {
      chosen.push_back(waiting_.top());
      waiting_.pop();
    }
    return chosen;
  }

  void put(Leaf leaf) {
    if (leaf.upper <= goal()) {
      settled_ = std::max(settled_.value_or(0), leaf.upper);
      return;
    }
    waiting_.push(std::move(leaf));
    most_waiting_ = std::max(most_waiting_, waiting_.size());
  }

  void look_at(const std::vector<double>& X) {
    const WorkingPrecision scope(fast_bits);
    take({bounds_.errors({X, std::vector<double>(n(), 0.0)}).lower(), X});
  }

  void take(const Point& point) {
    if (std::isfinite(point.lower) && (!witness_ || point.lower > witness_->lower)) witness_ = point;
  }

  /// The largest bound of a box; infinite while there is none.
  [[nodiscard]] double upper() const {
    if (!waiting_.empty()) return std::max(waiting_.top().upper, settled_.value_or(0));
    return settled_.value_or(infinity);
  }

  [[nodiscard]] SupremumProgress progress() const { return {lower(), upper(), boxes_, waiting_.size()}; }

  SupremumAnswer answer(std::string why) const {
    SupremumAnswer result;
    result.spent.boxes = boxes_;
    result.spent.most_waiting = most_waiting_;
    result.proof = supremum_proof();
    if (std::isfinite(upper())) result.upper = Rational(upper());
    if (witness_) result.witness = error_witness(*witness_, problem_.target);
    if (is_refuted()) {
      result.verdict = Verdict::refuted;
      result.why = "the error at the witness is above eps";
    } else if (result.upper && (options_.eps ? *result.upper <= *options_.eps : why.empty())) {
      result.verdict = Verdict::proved;
      result.why = options_.eps ? "no box has an error above eps" : "the bounds meet within the ratio";
      if (n() <= most_letters) result.tree = tree_.text();
    } else {
      if (why.empty()) throw std::logic_error("a search ended without a verdict and without a reason");
      result.why = result.upper ? std::move(why) : "no finite bound was found: " + why;
    }
    return result;
  }

  const ApproximationProblem& problem_;
  const SupremumOptions& options_;
  BoxBounds bounds_;
  tbb::task_arena arena_;
  std::priority_queue<Leaf> waiting_;
  HalvingTree tree_;
  std::optional<double> settled_;  ///< the largest bound of a box that needs no more work
  std::optional<Point> witness_;
  std::uint64_t boxes_ = 0;
  std::size_t most_waiting_ = 0;
};

}  // namespace

Proofs supremum_proof() {
  return {computed("an input is at hand, or enclosures of the error cover the whole cube")};
}

SupremumAnswer enclose_supremum(const ApproximationProblem& problem, const SupremumOptions& options) {
  problem.check();
  if (options.eps && *options.eps < 0) {
    throw InputError("eps: " + options.eps->str() + " (accepted: eps >= 0)");
  }
  if (options.ratio < 0) throw InputError("ratio: " + options.ratio.str() + " (accepted: ratio >= 0)");
  if ((options.checkpoint || options.resume) && static_cast<std::size_t>(problem.target.n()) > most_letters) {
    throw InputError("checkpoint: inputs of at most " + std::to_string(most_letters) +
                     " coordinates have one");
  }
  if (!options.resume) {
    const auto packed =
        recognise_packed_lookup(problem.model, problem.prompt, problem.tokens, problem.target.d);
    if (packed) return enclose_packed_supremum(problem, options, *packed);
  }
  return SupremumSearch(problem, options).run();
}

Interval error_at(const ApproximationProblem& problem, const Matrix<Rational>& X) {
  Matrix<Rational> tokens = problem.tokens;
  tokens.topRows(problem.target.d) += X;
  const Matrix<Interval> output =
      evaluate(from_rational<Interval>(problem.model), from_rational<Interval>(problem.prompt),
               from_rational<Interval>(tokens))
          .topRows(problem.target.d);
  return alpha_norm(output - evaluate(problem.target, from_rational<Interval>(X)), problem.alpha);
}

}  // namespace promptbound
