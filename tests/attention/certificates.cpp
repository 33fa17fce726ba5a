// The certified bounds against MPFR on 2,000 random and adversarial instances.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string>

#include <promptbound/attention/choice/automatic.hpp>
#include <promptbound/numeric/precision.hpp>

#include "effort.hpp"
#include "attention/arrays.hpp"

using namespace promptbound;

namespace {

const std::array<const char*, 10> kinds = {"uniform",    "corners",    "clustered keys",
                                           "huge norms", "equal keys", "one key dominates",
                                           "d = 1",      "n = 1",      "no prompt, values far from 0",
                                           "causal"};

template <class T>
StoredArrays<T> instance(std::size_t kind, RandomDoubles& random) {
  StoredArrays<T> stored;
  AttentionArrays<T>& arrays = stored.arrays;
  arrays.n = kind == 7 ? 1 : random.index(1, 6);
  arrays.m = random.index(1, 40) + (kind == 9 ? arrays.n : 0);
  arrays.prompt = kind == 8 ? 0 : random.index(0, 12);
  arrays.d = kind == 6 ? 1 : random.index(1, 12);
  arrays.d_v = random.index(1, 4);
  arrays.scale = 1.0 / static_cast<double>(arrays.d);
  if (kind == 9) arrays.mask = Mask::causal;
  const double B = kind == 3 ? std::pow(10, random.between(1, 4)) : random.between(0.2, 2);
  const double offset = kind == 8 ? random.between(-100, 100) : 0;
  stored.fill([&] { return kind == 1 ? B * random.sign() : random.between(-B, B); },
              [&] { return offset + (kind == 1 ? random.sign() : random.between(-1, 1)); });
  const Index d = arrays.d;
  if (kind == 2 || kind == 4) {  // keys near two centres, or all the same
    const double spread = kind == 2 ? 1e-3 : 0;
    for (std::size_t i = static_cast<std::size_t>(2 * d); i < stored.k.size(); ++i)
      stored.k[i] =
          static_cast<T>(static_cast<double>(stored.k[i % static_cast<std::size_t>(kind == 2 ? 2 * d : d)]) +
                         spread * random.between(-1, 1));
  }
  if (kind == 5) {
    for (Index c = 0; c < d; ++c)
      stored.k[static_cast<std::size_t>(c)] =
          static_cast<T>(10 * static_cast<double>(stored.q[static_cast<std::size_t>(c)]) / (B * B));
  }
  return stored;
}

/// Quotients of the largest bound and the largest true error of instances.
struct Ratios {
  std::vector<double> values;
  int exact = 0;       ///< instances without any error
  int violations = 0;  ///< outputs beyond their bounds

  template <class T>
  void add(const std::vector<Real>& reference, const Attended<T>& result) {
    double largest_error = 0, largest_bound = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
      const Real error = abs(reference[i] - Real(static_cast<double>(result.output[i])));
      const auto bound = static_cast<double>(result.error[i]);
      // The reference is right to 2^-150 relative: far below what 1 in 10^6 allows for.
      if (!(error <= Real(bound))) ++violations;
      largest_error = std::max(largest_error, error.template convert_to<double>());
      largest_bound = std::max(largest_bound, bound);
    }
    if (largest_error == 0) {
      ++exact;
    } else {
      values.push_back(largest_bound / largest_error);
    }
  }
  double quantile(double q) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
  }
  std::string text() {
    std::ostringstream out;
    out.precision(3);
    for (const double q : {0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0}) out << ' ' << quantile(q);
    out << " (" << values.size() << " with an error, " << exact << " without)";
    return out.str();
  }
};

struct Distribution {
  Ratios prior, by_default, polynomial;

  template <class T>
  void add(const AttentionArrays<T>& arrays) {
    std::vector<Real> reference;
    for (Index i = 0; i < arrays.n; ++i) {
      for (Real& entry : reference_attention<Real>(arrays, 0, i)) reference.push_back(std::move(entry));
    }
    prior.add(reference, exact_attention(arrays));
    const auto answer = std::get<AttentionAnswer>(attend(arrays, {}));
    REQUIRE(answer.rounding == Rounding::running);
    by_default.add(reference, std::get<Attended<T>>(answer.result));
    const auto approximate = polynomial_attention(arrays, {sizeof(T) == 4 ? 1e-2 : 1e-5, 1, true});
    if (approximate) polynomial.add(reference, *approximate);
  }
};

}  // namespace

TEST_CASE("no true error is above its bound on 2000 instances and the default bound is close") {
  const WorkingPrecision scope(256);
  RandomDoubles random(2026);
  Distribution all;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    Distribution of_kind;
    for (int trial = 0; trial < repetitions(100); ++trial) {
      of_kind.add(instance<float>(kind, random).arrays);
      of_kind.add(instance<double>(kind, random).arrays);
    }
    MESSAGE(std::string(kinds[kind]), ": bound/error, default (running):", of_kind.by_default.text(),
            "; prior:", of_kind.prior.text(), "; polynomial:", of_kind.polynomial.text());
    const auto merge = [](Ratios& into, const Ratios& from) {
      into.values.insert(into.values.end(), from.values.begin(), from.values.end());
      into.exact += from.exact;
      into.violations += from.violations;
    };
    merge(all.prior, of_kind.prior);
    merge(all.by_default, of_kind.by_default);
    merge(all.polynomial, of_kind.polynomial);
  }
  MESSAGE("all: bound/error at 0, 10, 25, 50, 75, 90, 100%: default (running):", all.by_default.text(),
          "; prior:", all.prior.text(), "; polynomial:", all.polynomial.text());
  CHECK(all.prior.violations == 0);
  CHECK(all.by_default.violations == 0);
  CHECK(all.polynomial.violations == 0);
  CHECK(all.by_default.quantile(0.5) <= 50);
}
