/// The largest error of a model with a prompt over all inputs of the unit cube, from both sides.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <promptbound/constructions/lookup/packed_lookup.hpp>
#include <promptbound/records/answer.hpp>
#include <promptbound/verify/supremum/box_error.hpp>
#include <promptbound/verify/supremum/halving_tree.hpp>

namespace promptbound {

/// What a search knows at a moment: lower <= sup <= upper.
struct SupremumProgress {
  double lower = 0;
  double upper = std::numeric_limits<double>::infinity();
  std::uint64_t boxes = 0;  ///< boxes bounded so far
  std::size_t waiting = 0;  ///< boxes that may still have to be divided
};

/// The places where a search has been, enough to go on from. It is a hint and no evidence: a search that goes
/// on from it bounds every box and the witness again. `tree`: the halvings of the cube in preorder, a letter
/// (0-9, a-z, A-Z) for the coordinate that a box is halved across, '.' for a box that is not halved.
struct SupremumState {
  std::string tree;
  std::vector<double> witness;  ///< coordinates; empty: none yet
};

/// Coordinates that a tree has letters for.
inline constexpr std::size_t most_letters = coordinate_letters.size();

struct SupremumOptions {
  /// Decide sup <= eps, eps >= 0; without it, only enclose the supremum.
  std::optional<Rational> eps;
  /// Stop when upper <= (1 + ratio) lower; >= 0.
  Rational ratio = Rational(1, 20);
  int threads = 1;
  /// Boxes waiting at the same time (about 150 bytes each, and 8 bytes for each box bounded) and boxes
  /// bounded, before the answer is unknown.
  std::size_t most_waiting = 10000000;
  std::uint64_t most_boxes = 1000000000;
  std::function<void(const SupremumProgress&)> progress;
  /// Asks, between batches; where it says so, `checkpoint` receives the state (and once more at the end of a
  /// search that a budget ended).
  std::function<bool()> wants_checkpoint;
  std::function<void(const SupremumState&)> checkpoint;
  /// Go on from this state of a search of the same problem, eps and ratio.
  std::optional<SupremumState> resume;
};

/// An input (d x L), and a number that the error there is at least.
struct ErrorWitness {
  Matrix<Rational> X;
  Rational error;
};

/// Proved, refuted or unknown; it says what it spent in boxes.
struct SupremumAnswer : Answer {
  /// sup_X ||T([P, X]) - f(X)||_alpha <= upper; nothing where no finite bound was found.
  std::optional<Rational> upper;
  /// The largest error found at a point, a lower bound on the supremum; nothing where none was found.
  std::optional<ErrorWitness> witness;
  /// The halvings, as in SupremumState, when the verdict is proved. Empty for more than 62 coordinates.
  std::string tree;
  /// What the network of theory 5.9 is built by, where the verdict is proved by the values that it stores.
  std::optional<PackedRecipe> packed;
};

/// Returns what proves the verdict and the bounds of both answers of this folder, theory 5.9 not being used.
[[nodiscard]] Proofs supremum_proof();

/// Recognises the network of theory 5.9, whose outputs are mixtures of stored values (packed_cover.hpp),
/// unless it is to go on from a state. Any other is searched by branch and bound, the box with the largest
/// upper bound first; a box is halved across the coordinate that lowers the bounds most. Upper bounds come
/// from linear forms over the boxes, lower bounds from points. With eps: proved when sup <= eps, refuted when
/// the witness's error is above eps, and otherwise unknown when a budget ends first. Without eps: proved when
/// the ratio is reached. The answer does not depend on the number of threads. Throws InputError for a
/// negative eps or ratio, and for a state that does not fit the problem.
/// @code
/// #include <promptbound/models/instance_safetensors.hpp>
/// #include <promptbound/verify/supremum/supremum_certificate.hpp>
/// const Instance instance = read_instance("model.json");
/// const Target target{instance.data_width, instance.input_offsets.cols(), Identity{}};
/// SupremumOptions options;
/// options.eps = Rational(1, 20);
/// const auto problem = approximation_problem(instance, target, Number(Rational(2)));
/// const auto answer = enclose_supremum(problem, options);
/// if (answer.verdict == Verdict::refuted) std::puts(answer.witness->error.str().c_str());
/// @endcode
[[nodiscard]] SupremumAnswer enclose_supremum(const ApproximationProblem& problem,
                                              const SupremumOptions& options);

/// Returns the error at one input, at the working precision.
[[nodiscard]] Interval error_at(const ApproximationProblem& problem, const Matrix<Rational>& X);

}  // namespace promptbound
