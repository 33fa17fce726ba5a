// Prints the prompt tokens that are necessary for d = L = 2, eps = 1/10, C = 1, alpha = 2 (theory 1.2).
#include <iostream>
#include <variant>

#include <promptbound/bounds/catalogue.hpp>

int main() {
  using namespace promptbound;
  Arguments arguments;
  arguments.set(parameters::d.name, parse_argument(parameters::d, "2"));
  arguments.set(parameters::L.name, parse_argument(parameters::L, "2"));
  arguments.set(parameters::eps.name, parse_argument(parameters::eps, "1/10"));
  const Record record = evaluate(find_bound("entropy-bits"), arguments, 40);
  std::cout << std::get<Integer>(record.output("tokens").value()) << '\n';
}
