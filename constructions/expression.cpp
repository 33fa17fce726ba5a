#include <fmt/format.h>

#include <map>
#include <optional>

#include <promptbound/constructions/expression.hpp>
#include <promptbound/constructions/expression_parser.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

using Node = Expression::Node;

/// Parts nested deeper than this get a name, so that no reader has to go deep.
constexpr int deepest_text = 30;

const char* function_name(Operation operation) {
  for (const NamedFunction& function : named_functions)
    if (function.operation == operation) return function.name;
  return "";
}

class Text {
 public:
  explicit Text(const Expression& expression) : nodes_(expression.nodes), uses_(nodes_.size(), 0) {
    for (const Node& node : nodes_) {
      if (operands(node.operation) >= 1) ++uses_[node.a];
      if (operands(node.operation) == 2) ++uses_[node.b];
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      texts_.push_back(of(node));
      depths_.push_back(0);
      if (operands(node.operation) == 0) continue;
      depths_[i] = 1 + std::max(depths_[node.a], operands(node.operation) == 2 ? depths_[node.b] : 0);
      if (uses_[i] < 2 && depths_[i] < deepest_text) continue;
      const std::string name = fmt::format("t{}", ++parts_);
      result_ += fmt::format("{} = {}; ", name, texts_[i]);
      texts_[i] = name;
      depths_[i] = 0;
    }
    const auto& outputs = expression.outputs;
    const bool is_one =
        std::all_of(outputs.begin(), outputs.end(), [&](std::size_t o) { return o == outputs[0]; });
    for (std::size_t o = 0; o < (is_one ? 1 : outputs.size()); ++o)
      result_ += (o > 0 ? "; " : "") + texts_[outputs[o]];
  }

  [[nodiscard]] const std::string& result() const { return result_; }

 private:
  [[nodiscard]] std::string of(const Node& node) const {
    const auto infix = [&](const char* sign) {
      return fmt::format("({} {} {})", texts_[node.a], sign, texts_[node.b]);
    };
    switch (node.operation) {
      case Operation::constant:
        if (node.constant >= 0 && is_integer(node.constant)) return node.constant.str();
        return "(" + node.constant.str() + ")";
      case Operation::pi:
        return "pi";
      case Operation::entry:
        return fmt::format("x[{},{}]", node.coordinate, node.token);
      case Operation::negate:
        return "(-" + texts_[node.a] + ")";
      case Operation::add:
        return infix("+");
      case Operation::subtract:
        return infix("-");
      case Operation::multiply:
        return infix("*");
      case Operation::divide:
        return infix("/");
      case Operation::power:
        return fmt::format("({} ^ {})", texts_[node.a], node.exponent);
      case Operation::minimum:
      case Operation::maximum:
        return fmt::format("{}({}, {})", function_name(node.operation), texts_[node.a], texts_[node.b]);
      default:
        return fmt::format("{}({})", function_name(node.operation), texts_[node.a]);
    }
  }

  const std::vector<Node>& nodes_;
  std::vector<int> uses_, depths_;
  std::vector<std::string> texts_;
  std::string result_;
  int parts_ = 0;
};

}  // namespace

int operands(Operation operation) {
  switch (operation) {
    case Operation::constant:
    case Operation::pi:
    case Operation::entry:
      return 0;
    case Operation::add:
    case Operation::subtract:
    case Operation::multiply:
    case Operation::divide:
    case Operation::minimum:
    case Operation::maximum:
      return 2;
    default:
      return 1;
  }
}

std::string canonical_text(const Expression& expression) { return Text(expression).result(); }

bool is_rational(const Expression& expression) {
  return std::all_of(expression.nodes.begin(), expression.nodes.end(), [](const Node& node) {
    return node.operation < Operation::square_root && node.operation != Operation::pi;
  });
}

}  // namespace promptbound
