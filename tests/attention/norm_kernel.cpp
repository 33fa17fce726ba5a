#include <promptbound/attention/norm_kernel.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include <promptbound/attention/check_arrays.hpp>
#include <promptbound/attention/choice/polynomial_attention.hpp>
#include <promptbound/numeric/error.hpp>

#include "attention/arrays.hpp"
#include "attention/instruction_sets.hpp"

using namespace promptbound;

namespace {

/// Lengths around those of vectors and of several of them.
constexpr Index counts[] = {1, 2, 7, 8, 9, 31, 64, 71, 130};

template <class T>
std::vector<T> random_rows(RandomDoubles& random, Index count, Index d, double size) {
  std::vector<T> rows(static_cast<std::size_t>(count * d));
  for (T& entry : rows) entry = static_cast<T>(random.between(-size, size));
  return rows;
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE_TEMPLATE("squared norms are at least the exact ones and close", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(1);
    constexpr auto largest = static_cast<double>(std::numeric_limits<T>::max());
    for (const double size : {1.0, sizeof(T) == 4 ? largest : 1e150, sizeof(T) == 4 ? 1e-40 : 1e-160}) {
      for (Index d = 1; d <= 20; ++d) {
        for (const Index count : counts) {
          for (const bool is_centred : {false, true}) {
            const std::vector<T> rows = random_rows<T>(random, count, d, size),
                                 centre = random_rows<T>(random, 1, d, size / 2);
            std::vector<double> squares(static_cast<std::size_t>(count));
            const double most =
                square_norms<T>(rows.data(), count, d, is_centred ? centre.data() : nullptr, squares.data());
            CHECK(most == *std::max_element(squares.begin(), squares.end()));
            CHECK(most ==
                  square_norms<T>(rows.data(), count, d, is_centred ? centre.data() : nullptr, nullptr));
            bool is_above = true, is_close = true;
            for (Index i = 0; i < count; ++i) {
              long double exact = 0;
              for (Index c = 0; c < d; ++c) {
                const auto at = static_cast<std::size_t>(i * d + c);
                long double x = rows[at];
                if (is_centred) x -= centre[static_cast<std::size_t>(c)];
                exact += x * x;
              }
              const double square = squares[static_cast<std::size_t>(i)];
              is_above = is_above && square >= exact;
              is_close = is_close && square <= exact * (1 + 4 * (static_cast<double>(d) + 10) * 0x1p-53) +
                                                   static_cast<double>(d) * 0x1p-1021;
            }
            CAPTURE(d);
            CAPTURE(count);
            CHECK(is_above);
            CHECK(is_close);
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("ranges and sums of columns", T, float, double) {
  for_each_instruction_set([] {
    RandomDoubles random(2);
    for (const Index d : {1, 2, 3, 4, 5, 7, 8, 9, 16, 20, 24, 64, 96, 128}) {
      for (const Index count : counts) {
        const std::vector<T> rows = random_rows<T>(random, count, d, 2);
        std::vector<T> least(static_cast<std::size_t>(d), T(1)), largest = least, low = least, high = least;
        std::vector<double> sums(static_cast<std::size_t>(d), 1.0), exact = sums;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          const std::size_t c = i % static_cast<std::size_t>(d);
          low[c] = std::min(low[c], rows[i]);
          high[c] = std::max(high[c], rows[i]);
          exact[c] += static_cast<double>(rows[i]);
        }
        CHECK(widen_ranges<T>(rows.data(), count, d, least.data(), largest.data()));
        CHECK(least == low);
        CHECK(largest == high);
        add_column_sums<T>(rows.data(), count, d, sums.data());
        for (std::size_t c = 0; c < sums.size(); ++c) CHECK(std::abs(sums[c] - exact[c]) < 1e-12);
      }
    }
  });
}

TEST_CASE_TEMPLATE("numbers that are not finite are found wherever they are", T, float, double) {
  for_each_instruction_set([] {
    for (const Index d : {1, 2, 3, 4, 8, 11, 16}) {
      for (const Index count : {1, 9, 40}) {
        std::vector<T> rows(static_cast<std::size_t>(count * d), T(1));
        for (T& entry : rows) {
          for (const double special : {infinity, -infinity, std::nan("")}) {
            entry = static_cast<T>(special);
            std::vector<T> least(static_cast<std::size_t>(d), T(1)), largest = least;
            CHECK(std::isnan(square_norms<T>(rows.data(), count, d, nullptr, nullptr)));
            CHECK_FALSE(widen_ranges<T>(rows.data(), count, d, least.data(), largest.data()));
            entry = 1;
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("check_arrays says where an entry is not finite", T, float, double) {
  RandomDoubles random(3);
  StoredArrays<T> stored = random_arrays<T>(random, shapes<T>(2, 5, 6, 3, 2, 3));
  const auto refused = [&](std::vector<T>& entries, std::size_t at, const std::string& what) {
    const T before = entries[at];
    for (const double special : {infinity, std::nan("")}) {
      entries[at] = static_cast<T>(special);
      try {
        (void)check_arrays(stored.arrays);
        FAIL("accepted");
      } catch (const InputError& error) {
        CHECK(std::string(error.what()).find(what) != std::string::npos);
      }
    }
    entries[at] = before;
  };
  refused(stored.q, 10 + 5, "at head 1, row 2, column 1");
  refused(stored.k, 0, "at head 0, row 0, column 0");
  refused(stored.v, 18 + 17, "at head 1, row 5, column 2");
  refused(stored.prompt_k, 6 + 2, "prompt k");
  refused(stored.prompt_v, 8, "prompt v");
  // Finite, but its square overflows in binary64.
  if (sizeof(T) == 4) return;
  stored.k[3] = static_cast<T>(1e200);
  stored.q[3] = static_cast<T>(1e-200);
  CHECK_THROWS_AS((void)check_arrays(stored.arrays), InputError);
}

TEST_CASE("errors of norms: the larger of the two kinds - never too small") {
  for_each_instruction_set([] {
    RandomDoubles random(4);
    const NormErrors parts = {0.3, 1e-9, 0.5, 0.1, 0.11};
    for (const Index count : counts) {
      std::vector<double> squares, errors(static_cast<std::size_t>(count));
      for (Index i = 0; i < count; ++i) squares.push_back(random.between(0.26, i % 3 == 0 ? 500.0 : 1.0));
      CHECK_FALSE(errors_of_norms(squares, parts, errors.data()));
      squares.back() = 0.2;
      CHECK(errors_of_norms(squares, parts, errors.data()));
      for (std::size_t i = 0; i < squares.size(); ++i) {
        const long double norm = std::sqrt(static_cast<long double>(squares[i]));
        long double error = norm * parts.slope + parts.constant;
        if (norm <= parts.bounded_up_to)
          error = std::max(error, norm * parts.bounded_slope + parts.bounded_constant);
        error = std::min<long double>(error / 2, 1);
        CHECK(errors[i] >= error);
        CHECK(errors[i] <= error * (1 + 1e-14));
      }
    }
  });
}

TEST_CASE("rows of errors are rounded up and end where they should") {
  for_each_instruction_set([] {
    for (Index width = 1; width <= 20; ++width) {
      for (const Index count : counts) {
        std::vector<double> factors, rows;
        for (Index c = 0; c < width; ++c) factors.push_back(static_cast<double>(c + 1) / 3);
        for (Index i = 0; i < count; ++i) rows.push_back(static_cast<double>(i * i) / 7);
        rows.back() = infinity;
        const auto size = static_cast<std::size_t>(width * count);
        std::vector<float> out(size + 8, -1.0F);
        write_rows(factors, rows, 0.01, out.data());
        bool is_right = true;
        for (std::size_t i = 0; i < size; ++i) {
          const double exact = factors[i % factors.size()] * rows[i / factors.size()] + 0.01;
          is_right = is_right && static_cast<double>(out[i]) >= exact &&
                     (exact == infinity || static_cast<double>(out[i]) <= exact * (1 + 0x1p-21));
        }
        CAPTURE(width);
        CAPTURE(count);
        CHECK(is_right);
        CHECK(
            std::all_of(out.begin() + static_cast<Index>(size), out.end(), [](float x) { return x == -1; }));
      }
    }
  });
}

TEST_CASE_TEMPLATE("polynomial attention into memory that is used again", T, float, double) {
  RandomDoubles random(5);
  Attended<T> result;
  const T* memory = nullptr;
  for (int call = 0; call < 2; ++call) {
    const auto stored = random_arrays<T>(random, shapes<T>(2, 50, 300, 7, 3, 2));
    REQUIRE(polynomial_attention(stored.arrays, {1e-3, 1}, result));
    const auto fresh = polynomial_attention(stored.arrays, {1e-3, 1});
    CHECK(result.output == fresh->output);
    CHECK(result.error == fresh->error);
    if (call > 0) CHECK(result.output.data() == memory);
    memory = result.output.data();
  }
  auto causal = random_arrays<T>(random, shapes<T>(1, 5, 5, 0, 2, 2));
  causal.arrays.mask = Mask::causal;
  CHECK_FALSE(polynomial_attention(causal.arrays, {1e-1, 1}, result));
}
