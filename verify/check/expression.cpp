#include <promptbound/verify/check/expression.hpp>

#include <algorithm>
#include <map>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/interval.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound::checker {
namespace {

using Form = LinearForm<FastInterval>;

struct Function {
  const char* name;
  char code;
  int operands;
};
constexpr Function functions[] = {{"min", '<', 2},  {"max", '>', 2}, {"abs", '|', 1},
                                  {"sqrt", 'r', 1}, {"exp", 'e', 1}, {"log", 'l', 1},
                                  {"sin", 's', 1},  {"cos", 'c', 1}, {"tanh", 't', 1}};

int operands_of(char code) {
  for (const Function& function : functions)
    if (function.code == code) return function.operands;
  return code == 'n' || code == 'p' || code == 'x' ? 0 : code == 'm' || code == '^' ? 1 : 2;
}

/// f(x) and f'(x) over an interval, for the smooth functions.
Interval smooth(char code, const Interval& x, const Rational& number) {
  switch (code) {
    case '^':
      return power(x, numerator(number).convert_to<unsigned long>());
    case 'r':
      return sqrt(x);
    case 'e':
      return exp(x);
    case 'l':
      return log(x);
    case 's':
      return sin(x);
    case 'c':
      return cos(x);
    case 't':
      return tanh(x);
    default:
      return Interval(1) / x;
  }
}

Interval slope(char code, const Interval& x, const Rational& number) {
  switch (code) {
    case '^':
      return Interval(number) * power(x, numerator(number).convert_to<unsigned long>() - 1);
    case 'r':
      return Interval(1) / (Interval(2) * sqrt(x));
    case 'e':
      return exp(x);
    case 'l':
      return Interval(1) / x;
    case 's':
      return cos(x);
    case 'c':
      return -sin(x);
    case 't':
      return Interval(1) - square(tanh(x));
    default:
      return -Interval(1) / square(x);
  }
}

/// Is every point of the interval one where the function has a value (a derivative)?
bool is_inside(char code, const FastInterval& x, bool for_slope) {
  const FastInterval zero(0);
  if (code == 'r') return for_slope ? certainly_less(zero, x) : certainly_less_equal(zero, x);
  if (code == 'l') return certainly_less(zero, x);
  if (code == '/') return certainly_less(zero, x) || certainly_less(x, zero);
  return true;
}

/// A number over a box: in the form and in the range.
struct Value {  // NOLINT(bugprone-exception-escape): as LinearForm
  Form form;
  FastInterval range;
  bool defined = true;
};

FastInterval meet(const FastInterval& a, const FastInterval& b) {
  return {std::max(a.lower(), b.lower()), std::min(a.upper(), b.upper())};
}

Value value_of(Form form, const FastInterval& range, bool defined) {
  const FastInterval by_form = form.range();
  // Twice as wide, or unknown: what the form knows of the box is worth less than the range.
  const double width = range.upper() - range.lower();
  if (!by_form.is_finite() || (range.is_finite() && by_form.upper() - by_form.lower() > 2 * width))
    form = Form(range);
  return {std::move(form), by_form.is_finite() && range.is_finite() ? meet(by_form, range) : range, defined};
}

Value function_of(char code, const Value& x, const Rational& number) {
  const FastInterval range(smooth(code, Interval(x.range), number));
  const bool defined = x.defined && is_inside(code, x.range, false);
  const FastInterval wide = x.form.range();
  if (!is_inside(code, wide, true)) return {Form(range), range, defined};
  Form form{FastInterval(smooth(code, Interval(x.form.centre()), number))};
  const FastInterval factor(slope(code, Interval(wide), number));
  for (std::size_t i = 0; i < x.form.slopes().size(); ++i) form.add_slope(i, factor * x.form.slopes()[i]);
  return value_of(std::move(form), range, defined);
}

Value pair_of(char code, const Value& a, const Value& b) {
  const bool defined = a.defined && b.defined;
  switch (code) {
    case '+':
      return value_of(a.form + b.form, a.range + b.range, defined);
    case '-':
      return value_of(a.form - b.form, a.range - b.range, defined);
    case '*':
      return value_of(a.form * b.form, a.range * b.range, defined);
    case '<':
      return value_of(-max(-a.form, -b.form), min(a.range, b.range), defined);
    case '>':
      return value_of(max(a.form, b.form), max(a.range, b.range), defined);
    default: {
      const Value inverse = function_of('/', b, 1);
      return value_of(a.form * inverse.form, a.range / b.range, defined && inverse.defined);
    }
  }
}

}  // namespace

class ExpressionReader {
 public:
  ExpressionReader(const std::string& text, Index d, Index L, Expression& result)
      : text_(text), d_(d), L_(L), result_(result) {}

  void read() {
    for (;;) {
      if (text_.compare(place_, 1, "t") == 0 && is_digit(place_ + 1)) {
        const std::size_t begin = place_++;
        digits();
        const std::string name = text_.substr(begin, place_ - begin);
        if (take(" = ")) {
          parts_[name] = term();
          need("; ");
          continue;
        }
        place_ = begin;
      }
      result_.outputs_.push_back(term());
      if (place_ == text_.size()) break;
      need("; ");
    }
    const auto n = static_cast<std::size_t>(d_ * L_);
    if (result_.outputs_.size() == 1) result_.outputs_.assign(n, result_.outputs_[0]);
    require(result_.outputs_.size() == n, "target.expression: one output or d L of them are needed");
  }

 private:
  [[nodiscard]] bool is_digit(std::size_t place) const {
    return place < text_.size() && text_[place] >= '0' && text_[place] <= '9';
  }
  bool take(const char* word) {
    const std::string_view wanted(word);
    if (text_.compare(place_, wanted.size(), wanted) != 0) return false;
    place_ += wanted.size();
    return true;
  }
  void need(const char* word) { require(take(word), "target.expression: not in canonical form"); }
  std::string digits() {
    const std::size_t begin = place_;
    while (is_digit(place_)) ++place_;
    require(place_ > begin, "target.expression: a whole number is needed");
    return text_.substr(begin, place_ - begin);
  }
  std::size_t step(char code, std::size_t a = 0, std::size_t b = 0, Rational number = 0) {
    constexpr std::size_t most_steps = 1000000;
    require(result_.steps_.size() < most_steps, "target.expression: too many operations");
    result_.steps_.push_back({code, a, b, std::move(number)});
    return result_.steps_.size() - 1;
  }
  std::size_t index(Index count) {
    const std::string text = digits();
    require(text.size() < 10 && std::stol(text) < count, "target.expression: an entry that does not exist");
    return static_cast<std::size_t>(std::stol(text));
  }

  std::size_t term() {
    constexpr int deepest = 200;
    require(++depth_ < deepest, "target.expression: nested too deep");
    const std::size_t result = term_inside();
    --depth_;
    return result;
  }
  std::size_t term_inside() {
    if (is_digit(place_)) return step('n', 0, 0, Rational(Integer(digits())));
    if (take("(")) return bracket();
    if (take("x[")) {
      const std::size_t coordinate = index(d_);
      need(",");
      const std::size_t token = index(L_);
      need("]");
      return step('x', token * static_cast<std::size_t>(d_) + coordinate);
    }
    if (take("pi")) return step('p');
    for (const Function& function : functions) {
      if (!take((std::string(function.name) + "(").c_str())) continue;
      const std::size_t a = term();
      std::size_t b = 0;
      if (function.operands == 2) {
        need(", ");
        b = term();
      }
      need(")");
      return step(function.code, a, b);
    }
    const std::size_t begin = place_;
    need("t");
    digits();
    const auto part = parts_.find(text_.substr(begin, place_ - begin));
    require(part != parts_.end(), "target.expression: a part that is not given before");
    return part->second;
  }
  /// Behind the opening bracket: (p/q), (-p), (-p/q), (-a), (a + b), (a ^ n).
  std::size_t bracket() {
    const std::size_t begin = place_;
    const bool negative = take("-");
    if (is_digit(place_)) {
      Rational value{Integer(digits())};
      bool is_number = negative;
      if (take("/")) {
        const Integer bottom(digits());
        require(bottom > 0, "target.expression: a denominator of 0");
        value /= Rational(bottom);
        is_number = true;
      }
      if (is_number && take(")")) return step('n', 0, 0, negative ? Rational(-value) : value);
      place_ = begin;
      require(!negative || take("-"), "target.expression: not in canonical form");
    }
    const std::size_t a = term();
    if (negative) {
      need(")");
      return step('m', a);
    }
    for (const char code : {'+', '-', '*', '/', '^'}) {
      if (!take((std::string(" ") + code + " ").c_str())) continue;
      std::size_t result = 0;
      if (code == '^') {
        const Integer exponent(digits());
        require(exponent >= 2 && exponent <= 1000, "target.expression: an exponent out of range");
        result = step('^', a, 0, Rational(exponent));
      } else {
        result = step(code, a, term());
      }
      need(")");
      return result;
    }
    reject("target.expression: not in canonical form");
  }

  const std::string& text_;
  Index d_, L_;
  Expression& result_;
  std::map<std::string, std::size_t> parts_;
  std::size_t place_ = 0;
  int depth_ = 0;
};

Expression::Expression(const std::string& text, Index d, Index L) {
  ExpressionReader(text, d, L, *this).read();
}

std::vector<Interval> Expression::at(const std::vector<Rational>& X) const {
  struct Point {
    Interval value;
    bool defined = true;
  };
  std::vector<Point> points;
  const Interval zero(0);
  for (const Step& step : steps_) {
    const int operands = operands_of(step.code);
    const Point none;
    const Point& a = operands >= 1 ? points[step.a] : none;
    const Point& b = operands == 2 ? points[step.b] : none;
    Point point{zero, a.defined && b.defined};
    switch (step.code) {
      case 'n':
        point.value = Interval(step.number);
        break;
      case 'p':
        point.value = interval_pi();
        break;
      case 'x':
        point.value = Interval(X[step.a]);
        break;
      case 'm':
        point.value = -a.value;
        break;
      case '+':
        point.value = a.value + b.value;
        break;
      case '-':
        point.value = a.value - b.value;
        break;
      case '*':
        point.value = a.value * b.value;
        break;
      case '/':
        point.value = a.value / b.value;
        point.defined = point.defined && (certainly_less(zero, b.value) || certainly_less(b.value, zero));
        break;
      case '<':
        point.value = min(a.value, b.value);
        break;
      case '>':
        point.value = max(a.value, b.value);
        break;
      case '|':
        point.value = abs(a.value);
        break;
      default:
        point.value = smooth(step.code, a.value, step.number);
        if (step.code == 'l') point.defined = point.defined && certainly_less(zero, a.value);
        if (step.code == 'r') point.defined = point.defined && certainly_less_equal(zero, a.value);
    }
    points.push_back(std::move(point));
  }
  std::vector<Interval> result;
  for (const std::size_t output : outputs_)
    result.push_back(points[output].defined ? points[output].value : Interval::whole_line());
  return result;
}

std::vector<Form> Expression::over(const std::vector<Form>& X) const {
  std::vector<Value> values;
  const auto constant = [](const Interval& number) {
    const FastInterval range(number);
    return Value{Form(range), range};
  };
  for (const Step& step : steps_) {
    const int operands = operands_of(step.code);
    if (step.code == 'n') {
      values.push_back(constant(Interval(step.number)));
    } else if (step.code == 'p') {
      values.push_back(constant(interval_pi()));
    } else if (step.code == 'x') {
      values.push_back({X[step.a], X[step.a].range()});
    } else if (step.code == 'm') {
      const Value& a = values[step.a];
      values.push_back({-a.form, -a.range, a.defined});
    } else if (step.code == '|') {
      const Value& a = values[step.a];
      values.push_back(value_of(max(a.form, -a.form), abs(a.range), a.defined));
    } else if (step.code == '*' && step.a == step.b) {
      values.push_back(function_of('^', values[step.a], 2));
    } else if (operands == 2) {
      values.push_back(pair_of(step.code, values[step.a], values[step.b]));
    } else {
      values.push_back(function_of(step.code, values[step.a], step.number));
    }
  }
  std::vector<Form> result;
  for (const std::size_t output : outputs_)
    result.push_back(values[output].defined ? values[output].form : Form(FastInterval::whole_line()));
  return result;
}

}  // namespace promptbound::checker
