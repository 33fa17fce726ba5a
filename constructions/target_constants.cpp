// Lipschitz constants and random tables of targets.hpp.
#include <random>

#include <promptbound/constructions/targets.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

constexpr long constant_bits = 40;          // of constants rounded up
constexpr long most_compared_nodes = 1000;  // all pairs up to here, neighbours beyond

Rational norm_factor_above(Index n, const Number& alpha) {
  if (const auto exact = exact_norm_factor(n, alpha)) return *exact;
  const WorkingPrecision scope(constant_bits);
  return norm_factor(n, alpha).upper();
}

/// ||D||_1^{1/alpha} ||D||_inf^{1 - 1/alpha}, rounded up, for D >= 0.
Rational operator_norm_above(const Matrix<Rational>& D, const Number& alpha) {
  Rational rows = D.rowwise().sum().maxCoeff();
  Rational columns = D.colwise().sum().maxCoeff();
  if (alpha.infinite || rows == columns) return rows;
  if (alpha.value == 1) return columns;
  if (rows == 0) return Rational(0);
  const WorkingPrecision scope(constant_bits);
  const Rational q = 1 / alpha.value;
  return Interval(power(Interval(columns), q) * power(Interval(rows), Rational(1 - q))).upper();
}

class Nodes {
 public:
  Nodes(const Target& target, const NodeTable& table) : n_(target.n()), table_(table), count_(1) {
    for (Index o = 0; o < n_; ++o) {
      strides_.push_back(count_);
      count_ *= table.cells + 1;
    }
  }
  [[nodiscard]] long count() const { return count_; }
  [[nodiscard]] long stride(Index o) const { return strides_[static_cast<std::size_t>(o)]; }
  [[nodiscard]] long digit(long node, Index o) const { return node / stride(o) % (table_.cells + 1); }
  [[nodiscard]] const Rational& value(long node, Index o) const {
    return table_.values[static_cast<std::size_t>(node * n_ + o)];
  }
  /// D of the cell whose lowest node is given.
  [[nodiscard]] Matrix<Rational> steepness(long corner) const {
    Matrix<Rational> D = Matrix<Rational>::Zero(n_, n_);
    for (long subset = 0; subset < 1L << n_; ++subset) {
      long node = corner;
      for (Index o = 0; o < n_; ++o) node += (subset >> o & 1) * stride(o);
      for (Index axis = 0; axis < n_; ++axis) {
        if ((subset >> axis & 1) != 0) continue;
        for (Index o = 0; o < n_; ++o) {
          const Rational rise = abs(Rational(value(node + stride(axis), o) - value(node, o))) * table_.cells;
          if (rise > D(o, axis)) D(o, axis) = rise;
        }
      }
    }
    return D;
  }
  [[nodiscard]] bool is_corner(long node) const {
    for (Index o = 0; o < n_; ++o) {
      if (digit(node, o) == table_.cells) return false;
    }
    return true;
  }
  /// Certainly ||f(u) - f(v)||_alpha > C ||u - v||_alpha?
  [[nodiscard]] bool is_steep(long u, long v, const Rational& C, const Number& alpha) const {
    Matrix<Interval> rise(n_, 1), run(n_, 1);
    for (Index o = 0; o < n_; ++o) {
      rise(o) = Interval(Rational(value(u, o) - value(v, o)));
      run(o) = Interval(Rational(digit(u, o) - digit(v, o), table_.cells));
    }
    return certainly_less(Interval(C) * alpha_norm(run, alpha), alpha_norm(rise, alpha));
  }
  [[nodiscard]] std::string text(long node) const {
    std::string result = "(";
    for (Index o = 0; o < n_; ++o) {
      result += (o == 0 ? "" : ", ") + Rational(digit(node, o), table_.cells).str();
    }
    return result + ")";
  }

 private:
  Index n_;
  const NodeTable& table_;
  long count_;
  std::vector<long> strides_;
};

Rational table_constant(const Target& target, const NodeTable& table, const Number& alpha) {
  const Nodes nodes(target, table);
  Rational largest = 0;
  for (long node = 0; node < nodes.count(); ++node) {
    if (nodes.is_corner(node)) largest = std::max(largest, operator_norm_above(nodes.steepness(node), alpha));
  }
  return largest;
}

void refuse_pair(const Nodes& nodes, long u, long v, const Rational& C, const Number& alpha) {
  throw InputError("table: not C-Lipschitz for C = " + C.str() + ", alpha = " + exact_text(alpha) +
                   " between the nodes " + nodes.text(u) + " and " + nodes.text(v) +
                   " (accepted: ||f(u) - f(v)|| <= C ||u - v||)");
}

void refuse_steep_pair(const Nodes& nodes, const Rational& C, const Number& alpha, Index n) {
  for (long u = 0; u < nodes.count(); ++u) {
    if (nodes.count() <= most_compared_nodes) {
      for (long v = 0; v < u; ++v) {
        if (nodes.is_steep(u, v, C, alpha)) refuse_pair(nodes, u, v, C, alpha);
      }
      continue;
    }
    for (Index o = 0; o < n; ++o) {
      const long v = u - nodes.stride(o);
      if (nodes.digit(u, o) > 0 && nodes.is_steep(u, v, C, alpha)) refuse_pair(nodes, u, v, C, alpha);
    }
  }
}

}  // namespace

Rational lipschitz_constant(const Target& target, const Number& alpha) {
  if (const auto* table = std::get_if<NodeTable>(&target.function))
    return table_constant(target, *table, alpha);
  if (const auto* field = std::get_if<SineField>(&target.function))
    return abs(Rational(field->frequency / 2));
  if (std::holds_alternative<Expression>(target.function))
    throw InputError(
        "target-expression: no Lipschitz constant is certified for it (accepted: lookup-transformer with "
        "--C)");
  if (std::holds_alternative<CoordinateMaximum>(target.function)) return norm_factor_above(target.L, alpha);
  return Rational(1);
}

void check_table(const Target& target, const Rational& C, const Number& alpha) {
  const NodeTable& table = std::get<NodeTable>(target.function);
  if (table.cells < 1)
    throw InputError("cells: " + std::to_string(table.cells) + " (accepted: an integer >= 1)");
  const long wanted = cell_count(table.cells + 1, target.n()) * target.n();
  if (static_cast<long>(table.values.size()) != wanted) {
    throw InputError("values: " + std::to_string(table.values.size()) +
                     " numbers (accepted: (cells+1)^n n = " + std::to_string(wanted) + ")");
  }
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    if (table.values[i] < 0 || table.values[i] > 1) {
      throw InputError("values[" + std::to_string(i) + "]: " + table.values[i].str() +
                       " (accepted: 0 <= value <= 1)");
    }
  }
  const Rational certified = table_constant(target, table, alpha);
  if (certified <= C) return;
  const WorkingPrecision scope(128);
  refuse_steep_pair(Nodes(target, table), C, alpha, target.n());
  throw InputError("table: C = " + C.str() +
                   " is not certified for its interpolation (accepted: C >= " + certified.str() + ")");
}

Target random_table(Index d, Index L, long cells, const Rational& C, const Number& alpha,
                    unsigned long seed) {
  Target target{d, L, NodeTable{cells, {}}};
  NodeTable& table = std::get<NodeTable>(target.function);
  std::mt19937_64 random(seed);
  const long count = cell_count(cells + 1, d * L) * d * L;
  for (long i = 0; i < count; ++i) table.values.emplace_back(static_cast<long>(random() % 1001), 1000L);
  const Rational steepest = table_constant(target, table, alpha);
  // Steepness scales with the deviation from the constant 1/2.
  if (steepest > C) {
    const Rational half(1, 2);
    for (Rational& value : table.values) value = half + (value - half) * C / steepest;
  }
  return target;
}

}  // namespace promptbound
