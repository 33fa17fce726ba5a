#include <algorithm>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/check/target.hpp>

namespace promptbound::checker {
namespace {

/// Calls visit with every tuple of whole numbers first_o <= q_o <= last_o.
template <class Visit>
void for_each_node(const std::vector<long>& first, const std::vector<long>& last, const Visit& visit) {
  std::vector<long> node = first;
  for (;;) {
    visit(node);
    std::size_t o = 0;
    while (o < node.size() && ++node[o] > last[o]) {
      node[o] = first[o];
      ++o;
    }
    if (o == node.size()) return;
  }
}

/// The number of the cell that holds x, of `cells` in [0,1]; the last one for x = 1.
long cell_of(const Rational& x, long cells) {
  const Integer cell = floor(Rational(cells * x));
  return std::clamp(cell, Integer(0), Integer(cells - 1)).convert_to<long>();
}

}  // namespace

std::vector<FormToken> forms_of(const Box& box, Index d) {
  std::vector<FormToken> X;
  for (std::size_t o = 0; o < box.centre.size(); ++o) {
    if (static_cast<Index>(o) % d == 0) X.emplace_back();
    const FastInterval centre(box.centre[o]);
    X.back().push_back(box.radius[o] == 0 ? Form(centre) : Form(centre, FastInterval(box.radius[o]), o));
  }
  return X;
}

Target::Target(const Json& json, Index d, Index L) : d_(d), L_(L) {
  const Json& name = member(json, "name", "target");
  static const std::vector<std::string> names = {"identity", "reversal", "mean",      "maximum",
                                                 "sine",     "table",    "expression"};
  const auto found = name.is_string()
                         ? std::find(names.begin(), names.end(), name.get_ref<const std::string&>())
                         : names.end();
  require(found != names.end(), "target: the name is not known");
  name_ = static_cast<Name>(found - names.begin());
  if (name_ == Name::sine) frequency_ = rational_from(member(json, "frequency", "target"), "frequency");
  if (name_ == Name::expression) {
    const Json& text = member(json, "expression", "target");
    require(text.is_string(), "target.expression: a text is needed");
    expression_ = Expression(text.get_ref<const std::string&>(), d, L);
  }
  if (name_ != Name::table) return;
  const Integer cells = integer_from(member(json, "cells", "target"), "cells");
  require(cells >= 1 && cells <= 1000000, "target.cells: a number from 1 to 1000000 is needed");
  const Vector<Rational> values = vector_from(member(json, "values", "target"), "values");
  Integer count = d * L;
  for (Index o = 0; o < d * L && count <= Integer(values.size()); ++o) count *= cells + 1;
  require(Integer(values.size()) == count, "target.values: one for each node and output is needed");
  cells_ = cells.convert_to<long>();
  for (const Rational& value : values) {
    values_.push_back(value);
    enclosed_.emplace_back(value);
  }
}

/// Where the values of a node begin.
std::size_t Target::place(const std::vector<long>& node) const {
  std::size_t number = 0;
  for (std::size_t o = node.size(); o-- > 0;) {
    number = number * static_cast<std::size_t>(cells_ + 1) + static_cast<std::size_t>(node[o]);
  }
  return number * node.size();
}

Vector<Rational> Target::interpolated(const Vector<Rational>& x) const {
  std::vector<long> first, last;
  for (const Rational& entry : x) {
    first.push_back(cell_of(entry, cells_));
    last.push_back(first.back() + 1);
  }
  Vector<Rational> result = Vector<Rational>::Zero(x.size());
  for_each_node(first, last, [&](const std::vector<long>& node) {
    Rational weight = 1;
    for (std::size_t o = 0; o < node.size(); ++o) {
      const Rational t = cells_ * x(static_cast<Index>(o)) - first[o];
      weight *= node[o] == first[o] ? Rational(1 - t) : t;
    }
    const std::size_t begin = place(node);
    for (Index k = 0; k < x.size(); ++k) result(k) += weight * values_[begin + static_cast<std::size_t>(k)];
  });
  return result;
}

Matrix<Interval> Target::at(const Matrix<Rational>& X) const {
  Matrix<Rational> value = X;
  switch (name_) {
    case Name::identity:
      break;
    case Name::reversal:
      for (Index i = 0; i < L_; ++i) value.col(i) = X.col(L_ - 1 - i);
      break;
    case Name::mean:
      for (Index c = 0; c < d_; ++c) value.row(c).setConstant(Rational(X.row(c).sum() / L_));
      break;
    case Name::maximum:
      for (Index c = 0; c < d_; ++c) value.row(c).setConstant(Rational(X.row(c).maxCoeff()));
      break;
    case Name::sine:
      return Matrix<Interval>::NullaryExpr(d_, L_, [&](Index c, Index i) -> Interval {
        const Interval angle{Rational(frequency_ * (X(c, i) + X(c, (i + 1) % L_)) / 2)};
        return (Interval(1) + sin(angle)) / Interval(2);
      });
    case Name::table:
      value.reshaped() = interpolated(X.reshaped());
      break;
    case Name::expression: {
      const std::vector<Interval> outputs = expression_.at({X.reshaped().begin(), X.reshaped().end()});
      return Eigen::Map<const Matrix<Interval>>(outputs.data(), d_, L_);
    }
  }
  return value.unaryExpr([](const Rational& y) { return Interval(y); });
}

/// The mean-value form: the function is linear in each coordinate within each cell, so along any path its
/// slopes are averages of those of the edges of the cells that the box meets.
std::vector<FormToken> Target::table_over(const Box& box) const {
  const std::size_t n = box.centre.size();
  Vector<Rational> centre(static_cast<Index>(n));
  std::vector<long> first, last;
  for (std::size_t o = 0; o < n; ++o) {
    const Rational middle(box.centre[o]), radius(box.radius[o]);
    centre(static_cast<Index>(o)) = middle;
    first.push_back(cell_of(middle - radius, cells_));
    last.push_back(cell_of(middle + radius, cells_));
  }
  const Vector<Rational> middle = interpolated(centre);
  std::vector<FormToken> result(static_cast<std::size_t>(L_));
  for (std::size_t k = 0; k < n; ++k) {
    result[k / static_cast<std::size_t>(d_)].emplace_back(FastInterval(middle(static_cast<Index>(k))));
  }
  for (std::size_t o = 0; o < n; ++o) {
    if (box.radius[o] == 0) continue;
    std::vector<long> to = last;
    for (std::size_t other = 0; other < n; ++other) to[other] += other == o ? 0 : 1;
    std::vector<std::optional<FastInterval>> slopes(n);
    for_each_node(first, to, [&](const std::vector<long>& node) {
      std::vector<long> next = node;
      ++next[o];
      const std::size_t from = place(node), beyond = place(next);
      for (std::size_t k = 0; k < n; ++k) {
        const FastInterval slope = enclosed_[beyond + k] - enclosed_[from + k];
        slopes[k] = slopes[k] ? hull(*slopes[k], slope) : slope;
      }
    });
    const FastInterval scale = FastInterval(Rational(cells_)) * FastInterval(box.radius[o]);
    for (std::size_t k = 0; k < n; ++k) {
      const auto token = k / static_cast<std::size_t>(d_), c = k % static_cast<std::size_t>(d_);
      result[token][c].add_slope(o, *slopes[k] * scale);
    }
  }
  return result;
}

std::vector<FormToken> Target::expression_over(const std::vector<FormToken>& X) const {
  FormToken entries;
  for (const FormToken& token : X) entries.insert(entries.end(), token.begin(), token.end());
  const FormToken outputs = expression_.over(entries);
  std::vector<FormToken> result;
  for (auto begin = outputs.begin(); begin != outputs.end(); begin += d_)
    result.emplace_back(begin, begin + d_);
  return result;
}

std::vector<FormToken> Target::over(const Box& box) const {
  if (name_ == Name::table) return table_over(box);
  const std::vector<FormToken> X = forms_of(box, d_);
  if (name_ == Name::expression) return expression_over(X);
  std::vector<FormToken> value = X;
  const auto L = static_cast<std::size_t>(L_), d = static_cast<std::size_t>(d_);
  for (std::size_t i = 0; i < L; ++i) {
    for (std::size_t c = 0; c < d; ++c) {
      Form& y = value[i][c];
      if (name_ == Name::reversal) y = X[L - 1 - i][c];
      if (name_ == Name::sine) {
        Form angle = X[i][c] + X[(i + 1) % L][c];
        angle *= FastInterval(Rational(frequency_ / 2));
        y = sin(angle) + Form(1);
        y *= FastInterval(0.5);
      }
      if (name_ != Name::mean && name_ != Name::maximum) continue;
      y = X[0][c];
      for (std::size_t j = 1; j < L; ++j) y = name_ == Name::mean ? y + X[j][c] : max(y, X[j][c]);
      if (name_ == Name::mean) y *= FastInterval(Rational(1, L_));
    }
  }
  return value;
}

}  // namespace promptbound::checker
