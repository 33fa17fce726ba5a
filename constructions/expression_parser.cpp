#include <fmt/format.h>

#include <map>
#include <optional>

#include <promptbound/constructions/expression_parser.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {
namespace {

using Node = Expression::Node;

constexpr std::size_t longest_text = 1000000, most_nodes = 100000;
constexpr unsigned long largest_exponent = 1000;
constexpr int deepest = 200;  ///< nesting

/// Adds nodes, one for equal ones; operations of constants are done at once.
class Graph {
 public:
  explicit Graph(Expression& expression) : nodes_(expression.nodes) {}

  std::size_t add(Node node) {
    if (auto folded = constant_of(node)) node = *folded;
    const std::string key =
        fmt::format("{} {} {} {} {} {} {}", static_cast<int>(node.operation), node.a, node.b, node.coordinate,
                    node.token, node.exponent, node.constant.str());
    const auto [place, is_new] = known_.try_emplace(key, nodes_.size());
    if (is_new) nodes_.push_back(std::move(node));
    if (nodes_.size() > most_nodes)
      throw InputError(fmt::format("target-expression: more than {} operations", most_nodes));
    return place->second;
  }
  std::size_t number(Rational value) {
    Node node;
    node.constant = std::move(value);
    return add(std::move(node));
  }
  [[nodiscard]] const Rational* constant(std::size_t i) const {
    return nodes_[i].operation == Operation::constant ? &nodes_[i].constant : nullptr;
  }

 private:
  [[nodiscard]] std::optional<Node> constant_of(const Node& node) const {
    const Rational* a = operands(node.operation) >= 1 ? constant(node.a) : nullptr;
    const Rational* b = operands(node.operation) == 2 ? constant(node.b) : nullptr;
    if (a == nullptr || (b == nullptr && node.operation != Operation::negate)) return std::nullopt;
    if (node.operation == Operation::divide && *b == 0) return std::nullopt;
    Node result;
    if (node.operation == Operation::negate) {
      result.constant = -*a;
    } else if (node.operation == Operation::add) {
      result.constant = *a + *b;
    } else if (node.operation == Operation::subtract) {
      result.constant = *a - *b;
    } else if (node.operation == Operation::multiply) {
      result.constant = *a * *b;
    } else if (node.operation == Operation::divide) {
      result.constant = *a / *b;
    } else {
      return std::nullopt;
    }
    constexpr unsigned long most_bits = 100000;
    if (bit_size(result.constant) > most_bits) return std::nullopt;
    return result;
  }

  std::vector<Node>& nodes_;
  std::map<std::string, std::size_t> known_;
};

/// Recursive descent over the text, for the output (coordinate, token).
class Parser {
 public:
  Parser(std::string_view text, Index d, Index L, Graph& graph, Index coordinate, Index token)
      : text_(text), d_(d), L_(L), graph_(graph), own_{coordinate, token} {}

  /// The outputs, in order.
  std::vector<std::size_t> statements() {
    std::vector<std::size_t> outputs;
    for (;;) {
      skip();
      if (place_ == text_.size()) return outputs;
      if (const std::string name = definition(); !name.empty()) {
        if (is_function(name) || name == "x" || name == "pi" || name == "i" || name == "j")
          fail("'" + name + "' is taken");
        parts_[name] = sum();
      } else {
        outputs.push_back(sum());
      }
      skip();
      if (place_ < text_.size() && !take(';'))
        fail("accepted here: an operator, or ';' before the next expression");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw InputError(fmt::format("target-expression, character {}: {} at '{}'", place_ + 1, why,
                                 text_.substr(place_, 20)));
  }
  void skip() {
    while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n' || text_[place_] == '\t'))
      ++place_;
  }
  bool take(char c) {
    skip();
    if (place_ == text_.size() || text_[place_] != c) return false;
    ++place_;
    return true;
  }
  void need(char c) {
    if (!take(c)) fail(fmt::format("'{}' is needed", c));
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string name() {
    skip();
    const std::size_t begin = place_;
    while (place_ < text_.size() && (is_letter(text_[place_]) || (place_ > begin && is_digit(text_[place_]))))
      ++place_;
    return std::string(text_.substr(begin, place_ - begin));
  }
  /// NAME of `NAME =`, else nothing and the place stays.
  std::string definition() {
    const std::size_t begin = place_;
    std::string found = name();
    if (!found.empty() && take('=')) return found;
    place_ = begin;
    return "";
  }
  static bool is_function(const std::string& word) {
    return std::any_of(std::begin(named_functions), std::end(named_functions),
                       [&](const NamedFunction& function) { return word == function.name; });
  }
  std::size_t node(Operation operation, std::size_t a, std::size_t b = 0) {
    Node made;
    made.operation = operation;
    made.a = a;
    made.b = b;
    return graph_.add(std::move(made));
  }

  std::size_t sum() {
    if (++depth_ > deepest) fail("nested too deep");
    std::size_t left = product();
    for (;;) {
      if (take('+')) {
        left = node(Operation::add, left, product());
      } else if (take('-')) {
        left = node(Operation::subtract, left, product());
      } else {
        --depth_;
        return left;
      }
    }
  }
  bool take_times() {
    skip();
    if (text_.substr(place_, 2) == "**") return false;
    return take('*');
  }
  std::size_t product() {
    std::size_t left = signed_power();
    for (;;) {
      if (take_times()) {
        left = node(Operation::multiply, left, signed_power());
      } else if (take('/')) {
        const std::size_t right = signed_power();
        if (const Rational* constant = graph_.constant(right); constant != nullptr && *constant == 0)
          fail("division by 0");
        left = node(Operation::divide, left, right);
      } else {
        return left;
      }
    }
  }
  std::size_t signed_power() {
    if (++depth_ > deepest) fail("nested too deep");
    std::size_t result = 0;
    if (take('-')) {
      result = node(Operation::negate, signed_power());
    } else if (take('+')) {
      result = signed_power();
    } else {
      result = power();
    }
    --depth_;
    return result;
  }
  std::size_t power() {
    const std::size_t base = atom();
    skip();
    if (text_.substr(place_, 2) == "**") {
      place_ += 2;
    } else if (!take('^')) {
      return base;
    }
    const Rational* exponent = graph_.constant(signed_power());
    const Integer limit = largest_exponent;
    if (exponent == nullptr || !is_integer(*exponent) || abs(*exponent) > Rational(limit))
      fail(fmt::format(
          "an exponent must be whole (accepted: a whole number of size at most {}; else sqrt, exp, log)",
          largest_exponent));
    return to_the(base, numerator(*exponent).convert_to<long>());
  }
  std::size_t to_the(std::size_t base, long exponent) {
    if (exponent < 0) return node(Operation::divide, graph_.number(1), to_the(base, -exponent));
    if (exponent == 0) return graph_.number(1);
    if (exponent == 1) return base;
    Node made;
    made.operation = Operation::power;
    made.a = base;
    made.exponent = static_cast<unsigned long>(exponent);
    return graph_.add(std::move(made));
  }
  std::size_t atom() {
    if (take('(')) {
      const std::size_t inside = sum();
      need(')');
      return inside;
    }
    if (place_ < text_.size() && (is_digit(text_[place_]) || text_[place_] == '.'))
      return graph_.number(number());
    const std::size_t begin = place_;
    const std::string word = name();
    if (word == "x") return entry();
    if (word == "pi") return node(Operation::pi, 0);
    if (const auto part = parts_.find(word); part != parts_.end()) return part->second;
    for (const NamedFunction& function : named_functions)
      if (word == function.name) return call(function.operation);
    place_ = begin;
    fail(
        "accepted here: a number, x[c,i], pi, a name given before, '(', min, max, abs, sqrt, exp, log, sin, "
        "cos, tanh");
  }
  Rational number() {
    const std::size_t begin = place_;
    const auto digits = [&] {
      while (place_ < text_.size() && (is_digit(text_[place_]) || text_[place_] == '.')) ++place_;
    };
    digits();
    if (place_ < text_.size() && (text_[place_] == 'e' || text_[place_] == 'E')) {
      ++place_;
      if (place_ < text_.size() && (text_[place_] == '+' || text_[place_] == '-')) ++place_;
      digits();
    }
    const auto value = parse_number(text_.substr(begin, place_ - begin));
    if (!value || value->infinite) {
      place_ = begin;
      fail("not a number");
    }
    return value->value;
  }
  std::size_t entry() {
    need('[');
    Node made;
    made.operation = Operation::entry;
    made.coordinate = index(d_, "coordinate");
    if (take(']')) {
      need('[');
    } else {
      need(',');
    }
    made.token = index(L_, "token");
    need(']');
    return graph_.add(std::move(made));
  }
  Index index(Index count, const char* what) {
    if (take('i')) return own_[0] < count ? own_[0] : bad_index(count, what);
    if (take('j')) return own_[1] < count ? own_[1] : bad_index(count, what);
    std::size_t end = place_;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    const auto value = parse_number(text_.substr(place_, end - place_));
    if (!value || value->value >= count) return bad_index(count, what);
    place_ = end;
    return numerator(value->value).convert_to<Index>();
  }
  Index bad_index(Index count, const char* what) {
    fail(fmt::format("a {} is 0 to {} (or i, the output's coordinate, or j, its token)", what, count - 1));
  }
  std::size_t call(Operation operation) {
    need('(');
    std::size_t value = sum();
    if (operands(operation) == 1) {
      need(')');
      return node(operation, value);
    }
    bool any = false;
    while (take(',')) {
      value = node(operation, value, sum());
      any = true;
    }
    if (!any) fail("min and max take two or more");
    need(')');
    return value;
  }

  std::string_view text_;
  Index d_, L_;
  Graph& graph_;
  Index own_[2];
  std::map<std::string, std::size_t> parts_;
  std::size_t place_ = 0;
  int depth_ = 0;
};

/// Without the nodes that no output uses.
Expression pruned(const Expression& expression) {
  std::vector<char> used(expression.nodes.size(), 0);
  for (const std::size_t output : expression.outputs) used[output] = 1;
  for (std::size_t i = expression.nodes.size(); i-- > 0;) {
    const Node& node = expression.nodes[i];
    if (used[i] == 0) continue;
    if (operands(node.operation) >= 1) used[node.a] = 1;
    if (operands(node.operation) == 2) used[node.b] = 1;
  }
  Expression result;
  std::vector<std::size_t> place(expression.nodes.size(), 0);
  for (std::size_t i = 0; i < expression.nodes.size(); ++i) {
    if (used[i] == 0) continue;
    place[i] = result.nodes.size();
    Node node = expression.nodes[i];
    node.a = place[node.a];
    node.b = place[node.b];
    result.nodes.push_back(std::move(node));
  }
  for (const std::size_t output : expression.outputs) result.outputs.push_back(place[output]);
  return result;
}

}  // namespace

Expression parse_expression(std::string_view text, Index d, Index L) {
  if (text.size() > longest_text)
    throw InputError(fmt::format("target-expression: more than {} characters", longest_text));
  Expression expression;
  Graph graph(expression);
  expression.outputs = Parser(text, d, L, graph, 0, 0).statements();
  const auto n = static_cast<std::size_t>(d * L);
  if (expression.outputs.size() == 1) {
    for (std::size_t o = 1; o < n; ++o) {
      const auto number = static_cast<Index>(o);
      expression.outputs.push_back(Parser(text, d, L, graph, number % d, number / d).statements().front());
    }
  }
  if (expression.outputs.size() != n) {
    throw InputError(
        fmt::format("target-expression: {} expressions (accepted: one for all outputs, or d L = {})",
                    expression.outputs.size(), n));
  }
  return pruned(expression);
}

}  // namespace promptbound
