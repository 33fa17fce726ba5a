#include <promptbound/verify/supremum.hpp>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <queue>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/halving_tree.hpp>
#include <promptbound/verify/softmax_mean.hpp>

namespace promptbound {
namespace {

/// Boxes taken from the queue at once; fixed, so that the search is the same for any number of threads.
constexpr std::size_t batch = 64;
/// Radii below this no longer divide exactly in binary64 everywhere.
constexpr double smallest_radius = 0x1p-45;
/// More coordinates than this are too many to try each: the widest is halved.
constexpr std::size_t most_tried = 4;
constexpr long fast_bits = 64;
constexpr long precise_bits = 160;

struct Leaf {
  double upper = 0;
  Box box;
  std::shared_ptr<const KeySelection> keys;  ///< selected for the box that was halved
  std::uint32_t node = 0;                    ///< in the tree of halvings
  friend bool operator<(const Leaf& a, const Leaf& b) { return a.upper < b.upper; }
};

struct Point {
  double lower = 0;
  std::vector<double> X;
};

/// The alpha-norm of the errors in a box, from both sides.
template <class S>
S norm(const Matrix<LinearForm<S>>& forms, const Number& alpha) {
  if (alpha.infinite) {
    S largest(0);
    for (const LinearForm<S>& form : forms.reshaped()) largest = max(largest, abs(form.range()));
    return largest;
  }
  return S(
      alpha_norm(forms.unaryExpr([](const LinearForm<S>& form) { return Interval(form.range()); }), alpha));
}

/// Bounds on boxes; precise intervals where binary64 fails.
class Bounds {
 public:
  explicit Bounds(const ApproximationProblem& problem) : problem_(problem), fast_(problem) {}

  /// An enclosure of the errors in the box.
  FastInterval errors(const Box& box, const KeySelection& keys) { return finite_norm(box, fast_(box, keys)); }
  FastInterval errors(const Box& box) { return errors(box, fast_.all_keys()); }

  /// What dividing a box needs beside its halves' bounds: a selection of keys for it, and a point with a
  /// large error.
  std::shared_ptr<const KeySelection> inspect(const Leaf& leaf, Point& point) {
    auto refined = std::make_shared<KeySelection>();
    const auto forms = fast_(leaf.box, leaf.keys ? *leaf.keys : fast_.all_keys(), refined.get());
    point = promising(leaf.box, *refined, forms);
    return refined;
  }

 private:
  FastInterval finite_norm(const Box& box, const Matrix<LinearForm<FastInterval>>& forms) {
    const FastInterval fast = norm(forms, problem_.alpha);
    if (fast.is_finite()) return fast;
    const WorkingPrecision scope(precise_bits);
    {
      const std::scoped_lock lock(mutex_);
      if (!precise_) precise_.emplace(problem_);
    }
    return FastInterval(norm((*precise_)(box, precise_->all_keys()), problem_.alpha));
  }

  /// The point of the box where the linear part of the worst output is extreme.
  Point promising(const Box& box, const KeySelection& keys, const Matrix<LinearForm<FastInterval>>& forms) {
    const auto size = [](const LinearForm<FastInterval>& form) { return abs(form.range()).upper(); };
    const auto worst = std::max_element(forms.reshaped().begin(), forms.reshaped().end(),
                                        [&](const auto& a, const auto& b) { return size(a) < size(b); });
    const auto middle = [](const FastInterval& x) { return x.lower() + x.upper(); };
    const double sign = middle(worst->centre()) < 0 ? -1 : 1;
    Point result;
    Box corner = box;
    for (std::size_t i = 0; i < corner.centre.size(); ++i) {
      const double slope = i < worst->slopes().size() ? sign * middle(worst->slopes()[i]) : 0;
      corner.centre[i] += slope > 0 ? box.radius[i] : slope < 0 ? -box.radius[i] : 0;
      corner.radius[i] = 0;
      result.X.push_back(corner.centre[i]);
    }
    result.lower = errors(corner, keys).lower();
    return result;
  }

  const ApproximationProblem& problem_;
  BoxError<FastInterval> fast_;
  std::optional<BoxError<Interval>> precise_;
  std::mutex mutex_;
};

/// The two halves across coordinate i; exact.
std::pair<Box, Box> halves(const Box& box, std::size_t i) {
  std::pair<Box, Box> result{box, box};
  const double radius = box.radius[i] / 2;
  result.first.radius[i] = result.second.radius[i] = radius;
  result.first.centre[i] -= radius;
  result.second.centre[i] += radius;
  return result;
}

struct Division {
  std::size_t coordinate = 0;
  std::optional<std::pair<Leaf, Leaf>> halves;  ///< nothing when the box is too small to divide
  Point point;
};

/// The coordinate whose extent costs the bound most: the bound of the box without that extent falls furthest.
/// A small reward for extent itself decides where no single coordinate changes the bound.
std::size_t costliest(Bounds& bounds, const Leaf& leaf, const KeySelection& keys) {
  constexpr double reward = 0x1p-6;
  std::size_t result = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < leaf.box.centre.size(); ++i) {
    double merit = reward * leaf.box.radius[i];
    if (leaf.box.centre.size() <= most_tried) {
      Box flat = leaf.box;
      flat.radius[i] = 0;
      // Bounds too large to mean anything leave the choice to the extents.
      merit -= std::min({bounds.errors(flat, keys).upper(), leaf.upper, 1e6});
    }
    if (merit > best) {
      best = merit;
      result = i;
    }
  }
  return result;
}

Division divide(Bounds& bounds, const Leaf& leaf) {
  const WorkingPrecision scope(fast_bits);
  Division result;
  const auto keys = bounds.inspect(leaf, result.point);
  const std::size_t i = costliest(bounds, leaf, *keys);
  if (leaf.box.radius[i] < smallest_radius) return result;
  result.coordinate = i;
  auto [first, second] = halves(leaf.box, i);
  result.halves.emplace(Leaf{0, std::move(first), keys, 0}, Leaf{0, std::move(second), keys, 0});
  for (Leaf* half : {&result.halves->first, &result.halves->second}) {
    // A half has no larger error than the whole; a NaN bound is no bound.
    const double bound = bounds.errors(half->box, *keys).upper();
    half->upper = bound < leaf.upper ? bound : leaf.upper;
  }
  return result;
}

class Search {
 public:
  Search(const ApproximationProblem& problem, const SupremumOptions& options)
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
      if (options_.eps && Rational(lower_) > *options_.eps) break;
      std::vector<Leaf> chosen = next();
      if (chosen.empty()) break;
      if (answer_.boxes >= options_.most_boxes) why = "the budget of boxes is used up";
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
        answer_.boxes += 2;
      }
    }
    if (!why.empty() && options_.checkpoint) options_.checkpoint(state());
    return finish(std::move(why));
  }

 private:
  [[nodiscard]] std::size_t n() const { return static_cast<std::size_t>(problem_.target.n()); }

  void start() {
    Leaf root;
    root.box.centre.assign(n(), 0.5);
    root.box.radius.assign(n(), 0.5);
    {
      const WorkingPrecision scope(fast_bits);
      root.upper = bounds_.errors(root.box).upper();
    }
    if (std::isnan(root.upper)) root.upper = std::numeric_limits<double>::infinity();
    answer_.boxes = 1;
    put(std::move(root));
  }

  /// Rebuilds the tree and its waiting boxes; keys are selected anew when a box is divided.
  void resume(const SupremumState& state) {
    const auto need = [](bool holds) {
      if (!holds) throw InputError("checkpoint: the tree, its bounds and the witness do not fit the problem");
    };
    need(state.witness.empty() || state.witness.size() == n());
    std::vector<Leaf> pending(1);
    pending.back().box = {std::vector<double>(n(), 0.5), std::vector<double>(n(), 0.5)};
    std::size_t next = 0;
    for (const char letter : state.tree) {
      need(!pending.empty());
      Leaf leaf = std::move(pending.back());
      pending.pop_back();
      if (letter == '.') continue;
      if (letter == '*') {
        need(next < state.waiting.size() && !std::isnan(state.waiting[next]));
        leaf.upper = state.waiting[next++];
        waiting_.push(std::move(leaf));
        continue;
      }
      const std::size_t coordinate = coordinate_letters.find(letter);
      need(coordinate < n() && leaf.box.radius[coordinate] >= smallest_radius);
      auto [first, second] = halves(leaf.box, coordinate);
      const std::uint32_t node = tree_.halve(leaf.node, coordinate);
      pending.push_back({0, std::move(second), nullptr, node + 1});
      pending.push_back({0, std::move(first), nullptr, node});
    }
    need(pending.empty() && next == state.waiting.size());
    settled_ = state.settled;
    answer_.boxes = state.boxes;
    answer_.most_waiting = std::max(state.most_waiting, waiting_.size());
    if (state.witness.empty()) return;
    // The lower bound is computed again: a witness is all that it rests on.
    witness_ = state.witness;
    const WorkingPrecision scope(fast_bits);
    const Box point{state.witness, std::vector<double>(n(), 0.0)};
    for (const double x : state.witness) need(x >= 0 && x <= 1);
    lower_ = std::max(0.0, bounds_.errors(point).lower());
  }

  [[nodiscard]] SupremumState state() const {
    SupremumState result{"", {}, settled_, lower_, witness_, answer_.boxes, answer_.most_waiting};
    std::vector<bool> waits;
    std::vector<double> upper;
    auto queue = waiting_;
    for (; !queue.empty(); queue.pop()) {
      const std::uint32_t node = queue.top().node;
      if (waits.size() <= node) {
        waits.resize(node + 1, false);
        upper.resize(node + 1, 0);
      }
      waits[node] = true;
      upper[node] = queue.top().upper;
    }
    tree_.walk([&](std::uint32_t node, std::int32_t) {
      if (node < waits.size() && waits[node]) result.waiting.push_back(upper[node]);
    });
    result.tree = tree_.text(waits);
    return result;
  }

  /// Boxes with bounds up to this need no more work.
  [[nodiscard]] double goal() const {
    const WorkingPrecision scope(fast_bits);
    double level = Interval(Rational((1 + options_.ratio) * Rational(lower_))).lower_double();
    if (options_.eps) level = std::min(level, Interval(*options_.eps).lower_double());
    return level;
  }

  std::vector<Leaf> next() {
    std::vector<Leaf> chosen;
    const double level = goal();
    while (chosen.size() < batch && !waiting_.empty() && waiting_.top().upper > level) {
      chosen.push_back(waiting_.top());
      waiting_.pop();
    }
    return chosen;
  }

  void put(Leaf leaf) {
    if (leaf.upper <= goal()) {
      settled_ = std::max(settled_, leaf.upper);
      return;
    }
    waiting_.push(std::move(leaf));
    answer_.most_waiting = std::max(answer_.most_waiting, waiting_.size());
  }

  void take(const Point& point) {
    if (!witness_.empty() && !(point.lower > lower_)) return;
    lower_ = std::max(0.0, point.lower);
    witness_ = point.X;
  }

  [[nodiscard]] double upper() const {
    return waiting_.empty() ? settled_ : std::max(settled_, waiting_.top().upper);
  }

  [[nodiscard]] SupremumProgress progress() const {
    return {lower_, upper(), answer_.boxes, waiting_.size()};
  }

  SupremumAnswer finish(std::string why) {
    const Index d = problem_.target.d;
    answer_.witness.resize(d, problem_.target.L);
    for (std::size_t o = 0; o < witness_.size(); ++o) {
      const auto i = static_cast<Index>(o);
      answer_.witness(i % d, i / d) = Rational(witness_[o]);
    }
    answer_.lower = Rational(lower_);
    const double most = upper();
    if (!std::isfinite(most)) {
      answer_.why = "no finite bound was found: " + why;
      return answer_;
    }
    answer_.upper = Rational(most);
    if (options_.eps && answer_.lower > *options_.eps) {
      answer_.verdict = Verdict::refuted;
      answer_.why = "the error at the witness is above eps";
    } else if (options_.eps ? answer_.upper <= *options_.eps : why.empty()) {
      answer_.verdict = Verdict::proved;
      answer_.why = options_.eps ? "no box has an error above eps" : "the bounds meet within the ratio";
      if (n() <= most_letters) answer_.tree = tree_.text({});
    } else {
      answer_.why = std::move(why);
    }
    return answer_;
  }

  const ApproximationProblem& problem_;
  const SupremumOptions& options_;
  Bounds bounds_;
  tbb::task_arena arena_;
  std::priority_queue<Leaf> waiting_;
  HalvingTree tree_;
  double settled_ = 0;  ///< the largest bound of a box that needs no more work
  double lower_ = 0;
  std::vector<double> witness_;
  SupremumAnswer answer_;
};

}  // namespace

SupremumAnswer enclose_supremum(const ApproximationProblem& problem, const SupremumOptions& options) {
  problem.check();
  if (options.ratio < 0) throw InputError("ratio: " + options.ratio.str() + " (accepted: ratio >= 0)");
  if ((options.checkpoint || options.resume) && static_cast<std::size_t>(problem.target.n()) > most_letters) {
    throw InputError("checkpoint: inputs of at most " + std::to_string(most_letters) +
                     " coordinates have one");
  }
  return Search(problem, options).run();
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
