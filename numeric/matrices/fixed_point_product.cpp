#include <gmp.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <promptbound/numeric/matrices/fixed_point_product.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// Bits beyond the working precision, so that the entries' own rounding is no part of what is seen.
constexpr long guard = 64;
/// Bits of a weight's whole number.
constexpr int weight_bits = 128;
/// Tokens and rows that are worked on together.
constexpr Index tokens_at_once = 16, rows_at_once = 8;

static_assert(GMP_NUMB_BITS == 64);

mpz_ptr mpz_of(Integer& x) { return x.backend().data(); }

/// Numbers of 64 bits for radii, whatever the working precision.
class Radius {
 public:
  Radius() { mpfr_init2(value_, 64); }
  ~Radius() { mpfr_clear(value_); }
  Radius(const Radius&) = delete;
  Radius& operator=(const Radius&) = delete;
  [[nodiscard]] mpfr_ptr get() { return value_; }

 private:
  mpfr_t value_;
};

/// Sums of doubles >= 0 are at most this much larger: n <= 2^24 additions and products.
constexpr double sum_inflation = 1 + 0x1p-26;

/// Columns of X as whole numbers.
class FixedColumns {
 public:
  FixedColumns(const Matrix<Interval>& X, Index first, Index count)
      : rows_(X.rows()),
        bits_(working_precision() + guard),
        limbs_(bits_ / 64 + 1),
        columns_(static_cast<std::size_t>(count)) {
    for (Index token = 0; token < count; ++token)
      set(X, first + token, columns_[static_cast<std::size_t>(token)]);
  }

  struct Column {
    bool is_finite = true;
    long unit = 0;        ///< the whole numbers are in units of 2^unit
    long width_unit = 0;  ///< the widths in units of 2^width_unit
    bool is_zero = true;
    bool has_width = false;
    std::vector<mp_limb_t> low;  ///< |lo|, limbs_ each
    std::vector<char> is_negative;
    std::vector<double> width;
  };
  [[nodiscard]] const Column& operator[](Index token) const {
    return columns_[static_cast<std::size_t>(token)];
  }
  [[nodiscard]] Index limbs() const { return limbs_; }
  /// Bits of the largest whole number.
  [[nodiscard]] long bits() const { return bits_; }

 private:
  void set(const Matrix<Interval>& X, Index token, Column& column) {
    long exponent = std::numeric_limits<long>::min();
    for (Index k = 0; k < rows_; ++k) {
      const Interval& x = X(k, token);
      if (!x.is_finite()) {
        column.is_finite = false;
        return;
      }
      for (mpfr_srcptr end : {&x.get()->left, &x.get()->right}) {
        if (mpfr_zero_p(end) == 0) exponent = std::max(exponent, static_cast<long>(mpfr_get_exp(end)));
      }
    }
    const auto count = static_cast<std::size_t>(rows_);
    column.low.assign(count * static_cast<std::size_t>(limbs_), 0);
    column.is_negative.assign(count, 0);
    column.width.assign(count, 0.0);
    if (exponent == std::numeric_limits<long>::min()) return;  // zeros
    column.is_zero = false;
    column.unit = exponent - bits_;
    std::vector<Integer> widths(count);
    Integer low, high;
    std::size_t longest = 0;
    Radius scaled;
    for (Index k = 0; k < rows_; ++k) {
      const Interval& x = X(k, token);
      const auto i = static_cast<std::size_t>(k);
      to_whole(mpz_of(low), &x.get()->left, column.unit, MPFR_RNDD);
      to_whole(mpz_of(high), &x.get()->right, column.unit, MPFR_RNDU);
      mpz_sub(mpz_of(widths[i]), mpz_of(high), mpz_of(low));
      if (mpz_sgn(mpz_of(widths[i])) != 0) longest = std::max(longest, mpz_sizeinbase(mpz_of(widths[i]), 2));
      column.is_negative[i] = mpz_sgn(mpz_of(low)) < 0;
      std::size_t written = 0;
      mpz_export(&column.low[i * static_cast<std::size_t>(limbs_)], &written, -1, sizeof(mp_limb_t), 0, 0,
                 mpz_of(low));
    }
    column.width_unit = column.unit + static_cast<long>(longest);
    column.has_width = longest > 0;
    for (std::size_t i = 0; i < count; ++i) {
      mpfr_set_z_2exp(scaled.get(), mpz_of(widths[i]), -static_cast<mpfr_exp_t>(longest), MPFR_RNDU);
      column.width[i] = mpfr_get_d(scaled.get(), MPFR_RNDU);
    }
  }

  static void to_whole(mpz_ptr result, mpfr_srcptr x, long unit, mpfr_rnd_t rounding) {
    // Scaling is exact, and so is the conversion of a whole number.
    mpfr_t scaled;
    mpfr_init2(scaled, mpfr_get_prec(x));
    mpfr_mul_2si(scaled, x, -unit, MPFR_RNDN);
    mpfr_get_z(result, scaled, rounding);
    mpfr_clear(scaled);
  }

  Index rows_;
  long bits_;
  Index limbs_;
  std::vector<Column> columns_;
};

/// A row of W as whole numbers of two limbs.
struct FixedRow {
  long unit = 0;         ///< in units of 2^unit
  Index cut = 0;         ///< how many have lost less than a unit
  bool is_short = true;  ///< all first limbs are 0: multiples of 2^64
  std::vector<mp_limb_t> low, high;
  std::vector<double> value;

  explicit FixedRow(std::vector<double> row)
      : low(row.size(), 0), high(row.size(), 0), value(std::move(row)) {
    int exponent = std::numeric_limits<int>::min();
    for (const double w : value) {
      if (w != 0) exponent = std::max(exponent, std::ilogb(w));
    }
    if (exponent == std::numeric_limits<int>::min()) return;
    unit = exponent - (weight_bits - 1);
    for (std::size_t k = 0; k < value.size(); ++k) {
      if (value[k] == 0) continue;
      // |w| = mantissa 2^shift units, mantissa of 53 bits.
      int its_exponent = 0;
      const double fraction = std::frexp(std::fabs(value[k]), &its_exponent);
      const auto mantissa = static_cast<mp_limb_t>(std::ldexp(fraction, 53));
      const long shift = its_exponent - 53 - unit;
      if (shift >= 64) {
        high[k] = mantissa << (shift - 64);
      } else if (shift > 0) {
        low[k] = mantissa << shift;
        high[k] = mantissa >> (64 - shift);
      } else {
        low[k] = shift > -64 ? mantissa >> -shift : 0;
        cut += shift < 0;
      }
      is_short = is_short && low[k] == 0;
    }
  }
};

/// Sums of products of whole numbers, by the sign of the product.
class Sums {
 public:
  explicit Sums(Index limbs) : limbs_(limbs), above_(size()), below_(size()) {}

  void clear() {
    std::fill(above_.begin(), above_.end(), 0);
    std::fill(below_.begin(), below_.end(), 0);
  }
  /// Adds factor * x 2^(64 place), or subtracts it.
  void add(const mp_limb_t* x, mp_limb_t factor, bool is_negative, std::size_t place) {
    if (factor == 0) return;
    mp_limb_t* sum = (is_negative ? below_ : above_).data() + place;
    const mp_limb_t carry = mpn_addmul_1(sum, x, limbs_, factor);
    mpn_add_1(sum + limbs_, sum + limbs_, static_cast<mp_size_t>(size() - place) - limbs_, carry);
  }
  void difference(mpz_ptr result, Integer& other) const {
    mpz_import(result, size(), -1, sizeof(mp_limb_t), 0, 0, above_.data());
    mpz_import(mpz_of(other), size(), -1, sizeof(mp_limb_t), 0, 0, below_.data());
    mpz_sub(result, result, mpz_of(other));
  }

 private:
  /// Two limbs of the factor, and one for the 2^24 terms.
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(limbs_) + 3; }
  mp_size_t limbs_;
  std::vector<mp_limb_t> above_, below_;
};

class RowTimesColumn {
 public:
  explicit RowTimesColumn(const FixedColumns& columns)
      : bits_(columns.bits()), limbs_(static_cast<std::size_t>(columns.limbs())), sums_(columns.limbs()) {}

  void enclose(const FixedRow& row, const FixedColumns::Column& column, Interval& result) {
    sums_.clear();
    double up = 0, down = 0;
    std::size_t terms = 0;
    for (std::size_t k = 0; k < row.value.size(); ++k) {
      const double w = row.value[k];
      if (w == 0) continue;
      ++terms;
      const mp_limb_t* x = &column.low[k * limbs_];
      const bool is_negative = (w < 0) != (column.is_negative[k] != 0);
      if (!row.is_short) sums_.add(x, row.low[k], is_negative, 0);
      sums_.add(x, row.high[k], is_negative, 1);
      (w > 0 ? up : down) += std::fabs(w) * column.width[k];
    }
    sums_.difference(mpz_of(whole_), other_);
    const long unit = row.unit + column.unit;
    mpfr_set_z_2exp(&result.get()->left, mpz_of(whole_), unit, MPFR_RNDD);
    mpfr_set_z_2exp(&result.get()->right, mpz_of(whole_), unit, MPFR_RNDU);
    // What the weights' 128 bits cut off: less than a unit each, times an entry of at most 2^bits units.
    if (row.cut > 0) {
      mpfr_set_si_2exp(radius_.get(), row.cut, unit + bits_ + 1, MPFR_RNDU);
      mpfr_sub(&result.get()->left, &result.get()->left, radius_.get(), MPFR_RNDD);
      mpfr_add(&result.get()->right, &result.get()->right, radius_.get(), MPFR_RNDU);
    }
    if (!column.has_width || terms == 0) return;
    widen(&result.get()->right, above(up, terms), column.width_unit, MPFR_RNDU);
    widen(&result.get()->left, -above(down, terms), column.width_unit, MPFR_RNDD);
  }

 private:
  /// At least the sum of that many products, given the rounded one.
  static double above(double rounded, std::size_t terms) {
    return rounded * sum_inflation + static_cast<double>(terms) * std::numeric_limits<double>::min();
  }
  void widen(mpfr_ptr end, double by, long unit, mpfr_rnd_t outward) {
    mpfr_set_d(radius_.get(), by, outward);
    mpfr_mul_2si(radius_.get(), radius_.get(), unit, outward);
    mpfr_add(end, end, radius_.get(), outward);
  }

  long bits_;
  std::size_t limbs_;
  Sums sums_;
  Integer whole_, other_;
  Radius radius_;
};

}  // namespace

Matrix<Interval> fixed_point_product(const Matrix<double>& W, const Matrix<Interval>& X) {
  // The entries are made here, at the caller's precision; nothing else depends on a thread's own.
  Matrix<Interval> result(W.rows(), X.cols());
  for (Index token = 0; token < X.cols(); token += tokens_at_once) {
    const Index tokens = std::min(tokens_at_once, X.cols() - token);
    const FixedColumns columns(X, token, tokens);
    for (Index column = 0; column < tokens; ++column) {
      result.col(token + column)
          .setConstant(columns[column].is_finite ? Interval(0) : Interval::whole_line());
    }
    const Index parts = (W.rows() + rows_at_once - 1) / rows_at_once;
    const auto of_rows = [&](Index part) {
      RowTimesColumn product(columns);
      const Index first = part * rows_at_once, rows = std::min(rows_at_once, W.rows() - first);
      const Matrix<double> taken = W.middleRows(first, rows).transpose();
      for (Index row = 0; row < rows; ++row) {
        const FixedRow fixed(std::vector<double>(taken.col(row).begin(), taken.col(row).end()));
        for (Index column = 0; column < tokens; ++column) {
          if (columns[column].is_finite && !columns[column].is_zero) {
            product.enclose(fixed, columns[column], result(first + row, token + column));
          }
        }
      }
    };
    // Isolated: a thread that waits here must not begin other work at this precision.
    oneapi::tbb::this_task_arena::isolate([&] { oneapi::tbb::parallel_for(Index{0}, parts, of_rows); });
  }
  return result;
}

}  // namespace promptbound
