// Certificates of a supremum, for report.hpp. Shares intervals, linear forms and norms (numeric/) with the
// producers; boxes are enclosed again by the checker's own model.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/check/box_model.hpp>
#include <promptbound/verify/check/packed_network.hpp>

namespace promptbound::checker {
namespace {

/// The power alpha of ||E||_alpha in some unit, and that of eps.
struct Powers {
  Interval norm, eps;
};

/// In units of 1, where both may be exact, and of eps, where neither leaves its side of 1 for being out of
/// range.
std::vector<Powers> powers(const Matrix<Interval>& E, const Rational& alpha, const Rational& eps) {
  std::vector<Powers> result;
  for (const Rational& unit : {Rational(1), eps}) {
    if (unit == 0) continue;
    Interval sum(0);
    for (const Interval& entry : E.reshaped()) sum += nonnegative_power(abs(entry) / Interval(unit), alpha);
    result.push_back({sum, nonnegative_power(Interval(Rational(eps / unit)), alpha)});
  }
  return result;
}

/// ||E||_alpha > eps?
bool is_above(const Matrix<Interval>& E, const Number& alpha, const Rational& eps) {
  const auto shows = [](const Powers& x) { return certainly_less(x.eps, x.norm); };
  if (!alpha.infinite) {
    const auto known = powers(E, alpha.value, eps);
    return std::any_of(known.begin(), known.end(), shows);
  }
  for (const Interval& entry : E.reshaped())
    if (certainly_less(Interval(eps), abs(entry))) return true;
  return false;
}

/// ||E||_alpha <= eps?
bool is_within(const Matrix<Interval>& E, const Number& alpha, const Rational& eps) {
  const auto shows = [](const Powers& x) { return certainly_less_equal(x.norm, x.eps); };
  if (!alpha.infinite) {
    const auto known = powers(E, alpha.value, eps);
    return std::any_of(known.begin(), known.end(), shows);
  }
  for (const Interval& entry : E.reshaped())
    if (!certainly_less_equal(abs(entry), Interval(eps))) return false;
  return true;
}

/// Everything but the claim: model, prompt and encoding (tokens as rows), target, norm and eps.
struct Claim {
  Model model;
  Matrix<Rational> prompt, offsets;
  Index d = 0, L = 0;
  std::optional<Target> target;
  Number alpha;
  Rational eps;
};

Claim read_claim(const Json& certificate) {
  Claim problem;
  problem.eps = rational_from(member(certificate, "eps", "certificate"), "eps");
  require(problem.eps >= 0, "eps: a number >= 0 is needed");
  const Json& alpha_text = member(certificate, "alpha", "certificate");
  const auto alpha = alpha_text.is_string() ? parse_number(alpha_text.get<std::string>()) : std::nullopt;
  require(alpha && (alpha->infinite || alpha->value >= 1), "alpha: a number >= 1 or inf is needed");
  problem.alpha = *alpha;

  const Json& instance = member(certificate, "instance", "certificate");
  problem.model = read_layers(instance);
  const Index width = problem.model.width;
  problem.offsets = matrix_from(member(instance, "input_offsets", "instance"), "input_offsets");
  problem.prompt.resize(0, width);
  if (instance.contains("prompt")) problem.prompt = matrix_from(instance["prompt"], "prompt");
  require(problem.offsets.cols() == width, "input_offsets: tokens of the model's width are needed");
  require(problem.prompt.cols() == width, "prompt: tokens of the model's width are needed");
  Integer data_width = width;
  if (instance.contains("data_width")) data_width = integer_from(instance["data_width"], "data_width");
  require(data_width >= 1 && data_width <= width, "data_width: a number from 1 to d is needed");
  problem.d = data_width.convert_to<Index>();
  problem.L = problem.offsets.rows();
  problem.target.emplace(member(certificate, "target", "certificate"), problem.d, problem.L);
  return problem;
}

/// claim "above": the error at the witness, in multiple precision.
void check_above(const Claim& problem, const Json& certificate, const CheckLimits& limits) {
  const WorkingPrecision scope(precision_of(certificate, limits.bits));
  const Matrix<Rational> X =
      matrix_from(member(certificate, "witness", "certificate"), "witness").transpose();
  require(X.rows() == problem.d && X.cols() == problem.L, "witness: the shape does not fit the instance");
  for (const Rational& entry : X.reshaped()) {
    require(entry >= 0 && entry <= 1, "witness: an entry is outside [0,1]");
  }
  std::vector<std::vector<Interval>> tokens;
  for (Index j = 0; j < problem.prompt.rows() + problem.L; ++j) {
    const Index i = j - problem.prompt.rows();  // the input token, if >= 0
    auto& token = tokens.emplace_back();
    for (Index r = 0; r < problem.model.width; ++r) {
      const Rational fixed = i < 0 ? problem.prompt(j, r) : problem.offsets(i, r);
      token.emplace_back(Rational(fixed + (i >= 0 && r < problem.d ? X(r, i) : Rational(0))));
    }
  }
  const auto output = output_of(problem.model, std::move(tokens));
  Matrix<Interval> E = problem.target->at(X);
  for (Index i = 0; i < problem.L; ++i) {
    for (Index c = 0; c < problem.d; ++c) {
      E(c, i) =
          output[static_cast<std::size_t>(problem.prompt.rows() + i)][static_cast<std::size_t>(c)] - E(c, i);
    }
  }
  require(is_above(E, problem.alpha, problem.eps), "witness: the error is not shown to be above eps");
}

void halve(const Box& box, std::size_t o, std::vector<Box>& pending) {
  require(box.radius[o] >= 0x1p-45, "tree: a box is too small");
  const double radius = box.radius[o] / 2;
  for (const double step : {radius, -radius}) {
    Box half = box;
    half.centre[o] += step;
    // Of the unit cube's halves every centre is a double. Of other boxes it may be rounded: what that moves
    // it by is a double, since |step| <= centre, and the half that is larger by it covers its part of the
    // box.
    const double moved = std::fabs(step - (half.centre[o] - box.centre[o]));
    half.radius[o] = moved == 0 ? radius : step_up(radius + moved);
    pending.push_back(std::move(half));
  }
}

std::size_t widest_side(const Box& box) {
  const auto widest = std::max_element(box.radius.begin(), box.radius.end());
  return static_cast<std::size_t>(widest - box.radius.begin());
}

/// claim "below" by theory 5.9: the model is its network, outputs are mixtures of stored values, and each of
/// these is within eps of the target wherever it may be part of the output.
class PackedCover {
 public:
  PackedCover(const Claim& problem, const Json& recipe)
      : problem_(problem), network_(recipe, problem.d, problem.L, problem.prompt.rows()) {}

  /// Returns the number of cells.
  std::size_t check() {
    network_.require_weights(problem_.model, problem_.offsets);
    network_.require_exact_digits();
    const auto values = network_.values_of(problem_.prompt);
    halvings_ = 64 * values.size() + 100000;
    for (std::size_t cell = 0; cell < values.size(); ++cell)
      check_cell(network_.inputs_of(cell), values[cell]);
    return values.size();
  }

 private:
  /// The part of the cube between the ends, which are moved outwards to multiples of 2^-50.
  static Box box_of(const std::vector<std::pair<Rational, Rational>>& ends) {
    constexpr long unit = 1L << 50;
    Box box;
    for (const auto& [low, high] : ends) {
      const Integer first = std::max(Integer(0), floor(Rational(low * unit)));
      const Integer last = std::min(Integer(unit), ceil(Rational(high * unit)));
      box.centre.push_back(Integer(first + last).convert_to<double>() * 0x1p-51);
      box.radius.push_back(Integer(last - first).convert_to<double>() * 0x1p-51);
    }
    return box;
  }

  void check_cell(const std::vector<std::pair<Rational, Rational>>& ends,
                  const std::vector<Integer>& values) {
    // The output is cut at 1: that moves a value to one between itself and 1.
    std::vector<FastInterval> held;
    for (const Integer& value : values) {
      const Rational stored = network_.step() * Rational(value);
      held.push_back(hull(FastInterval(std::min(Rational(1), stored)), FastInterval(stored)));
    }
    std::vector<Box> pending = {box_of(ends)};
    while (!pending.empty()) {
      const Box box = std::move(pending.back());
      pending.pop_back();
      if (is_within(distances(held, box), problem_.alpha, problem_.eps)) continue;
      Box point = box;
      std::fill(point.radius.begin(), point.radius.end(), 0.0);
      require(!is_above(distances(held, point), problem_.alpha, problem_.eps),
              "packed: a stored value is further than eps from the target at a point of its cell");
      if (halvings_-- == 0) throw LimitReached("packed: more halvings of cells than the checker makes");
      halve(box, widest_side(box), pending);
    }
  }

  [[nodiscard]] Matrix<Interval> distances(const std::vector<FastInterval>& held, const Box& box) const {
    const auto wanted = problem_.target->over(box);
    return Matrix<Interval>::NullaryExpr(problem_.d, problem_.L, [&](Index c, Index i) {
      const Form& y = wanted[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)];
      return Interval((Form(held[static_cast<std::size_t>(i * problem_.d + c)]) - y).range());
    });
  }

  const Claim& problem_;
  PackedNetwork network_;
  std::size_t halvings_ = 0;
};

/// claim "below": a tree of halvings of [0,1]^{d x L}, in preorder: a letter for the coordinate that a box is
/// halved across, '.' for a box in which the error is at most eps.
class Cover {
 public:
  Cover(const Claim& problem, const std::string& tree, int threads)
      : problem_(problem),
        tree_(tree),
        threads_(threads),
        scope_(bits),
        model_(problem.model, problem.prompt, problem.offsets) {}

  /// Returns the number of boxes that were bounded.
  std::size_t check() {
    const auto n = static_cast<std::size_t>(problem_.d * problem_.L);
    std::vector<Box> pending = {{std::vector<double>(n, 0.5), std::vector<double>(n, 0.5)}};
    std::vector<Box> leaves;
    for (const char node : tree_) {
      require(!pending.empty(), "tree: nodes beyond the last box");
      Box box = std::move(pending.back());
      pending.pop_back();
      if (node == '.') {
        leaves.push_back(std::move(box));
        if (leaves.size() == leaves_at_once) check_leaves(leaves);
        continue;
      }
      const std::size_t o = letters.find(node);
      require(o < n, "tree: a coordinate that does not exist");
      halve(box, o, pending);
    }
    require(pending.empty(), "tree: boxes without a bound");
    check_leaves(leaves);
    return boxes_;
  }

 private:
  static constexpr std::string_view letters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

  static constexpr long bits = 64;
  static constexpr std::size_t leaves_at_once = 16384;  // some megabytes of them
  static constexpr std::size_t leaves_in_turn = 64;     // that a thread takes before it comes back for more

  /// Checks the leaves, on several threads, and forgets them. Of those that fail the first one is told:
  /// threads take leaves in their order, so that all before it are looked at too.
  void check_leaves(std::vector<Box>& leaves) {
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> has_failed = false;
    std::mutex mutex;
    std::size_t failed = leaves.size();
    std::exception_ptr failure;
    const auto work = [&] {
      const WorkingPrecision scope(bits);
      while (!has_failed) {
        const std::size_t first = next.fetch_add(leaves_in_turn);
        std::size_t k = first;
        try {
          for (; k < std::min(leaves.size(), first + leaves_in_turn); ++k) check_leaf(std::move(leaves[k]));
        } catch (...) {
          const std::scoped_lock lock(mutex);
          has_failed = true;
          if (k < failed) failure = std::current_exception();
          failed = std::min(failed, k);
        }
        if (first >= leaves.size()) return;
      }
    };
    try {
      std::vector<std::jthread> others;
      for (int t = 1; t < threads_; ++t) others.emplace_back(work);
      work();
    } catch (const std::system_error&) {
      throw LimitReached("threads: the system gives no more of them");
    }
    if (failure) std::rethrow_exception(failure);
    leaves.clear();
  }

  /// Bounds may be a little wider here than where the tree was found: a leaf that fails is halved further
  /// across its widest coordinate, within a budget, unless a point shows that no halving will help.
  void check_leaf(Box leaf) {
    std::vector<Box> pending = {std::move(leaf)};
    while (!pending.empty()) {
      const Box box = std::move(pending.back());
      pending.pop_back();
      ++boxes_;
      const Matrix<Interval> E = errors(box);
      if (is_within(E, problem_.alpha, problem_.eps)) continue;
      require(++halved_ <= tree_.size() + 1000, "tree: the error is not shown to be within eps on every box");
      Box point = box;
      std::fill(point.radius.begin(), point.radius.end(), 0.0);
      require(!is_above(errors(point), problem_.alpha, problem_.eps),
              "tree: the error at a point is above eps");
      halve(box, widest_side(box), pending);
    }
  }

  /// The errors at every output over the box.
  [[nodiscard]] Matrix<Interval> errors(const Box& box) const {
    const auto output = model_(forms_of(box, problem_.d), box.centre.size());
    const auto wanted = problem_.target->over(box);
    return Matrix<Interval>::NullaryExpr(problem_.d, problem_.L, [&](Index c, Index i) {
      const auto token = static_cast<std::size_t>(i), row = static_cast<std::size_t>(c);
      return Interval((output[token][row] - wanted[token][row]).range());
    });
  }

  const Claim& problem_;
  const std::string& tree_;
  int threads_;
  WorkingPrecision scope_;
  BoxModel model_;
  std::atomic<std::size_t> boxes_ = 0, halved_ = 0;
};

}  // namespace

void check_supremum(const Json& certificate, const CheckLimits& limits, CheckReport& report) {
  const Json& claim = member(certificate, "claim", "certificate");
  require(claim.is_string(), "claim: above or below is needed");
  const std::string& text = claim.get_ref<const std::string&>();
  const Claim problem = read_claim(certificate);
  const std::string norm = problem.eps.str() + " in the alpha-norm, alpha = " + exact_text(problem.alpha);
  report.object = "the model, prompt and target in the certificate: width " +
                  std::to_string(problem.model.width) + ", " + std::to_string(problem.prompt.rows()) +
                  " prompt tokens";
  if (text == "above") {
    check_above(problem, certificate, limits);
    report.statement = "the error at the witness is above " + norm;
  } else if (text == "below" && certificate.contains("packed")) {
    constexpr long bits = 128;
    const WorkingPrecision scope(bits);
    const std::size_t cells = PackedCover(problem, certificate["packed"]).check();
    report.theorem = "theory 5.9: outputs of its network are mixtures of the values in its prompt";
    report.trusted += ", and the written proof of the theorem";
    report.statement = "every weight is that of theory 5.9, and on each of its " + std::to_string(cells) +
                       " enlarged cells the stored value is within " + norm + " of the target";
  } else if (text == "below") {
    const Json& tree = member(certificate, "tree", "certificate");
    require(tree.is_string(), "tree: a text is needed");
    const std::size_t boxes = Cover(problem, tree.get_ref<const std::string&>(), limits.threads).check();
    report.statement = "on each of " + std::to_string(boxes) +
                       " boxes that cover [0,1]^{d x L} the error is at most " + norm;
  } else {
    reject("claim: above or below is needed");
  }
}

}  // namespace promptbound::checker
