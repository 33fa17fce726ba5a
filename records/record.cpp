#include <stdexcept>

#include <promptbound/records/record.hpp>

namespace promptbound {

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::necessary:
      return "necessary";
    case Kind::sufficient:
      return "sufficient";
    case Kind::exact:
      return "exact";
    case Kind::impossible:
      return "impossible";
    case Kind::threshold:
      return "threshold";
    case Kind::published:
      return "published";
  }
  throw std::logic_error("unknown kind");
}

const Argument& Record::input(std::string_view name) const {
  for (const Input& input : inputs) {
    if (input.name == name) return input.value;
  }
  throw std::out_of_range("no input named " + std::string(name));
}

const Quantity& Record::output(std::string_view name) const {
  for (const Output& output : outputs) {
    if (output.name == name) return output.value;
  }
  throw std::out_of_range("no output named " + std::string(name));
}

std::vector<ProofStatus> Record::proofs() const {
  std::vector<std::string_view> names;
  for (const Output& output : outputs) names.emplace_back(output.name);
  return proofs_of(proof, names);
}

void Record::add(std::string name, Quantity value) {
  verdict = Verdict::computed;
  outputs.push_back(Output{std::move(name), std::move(value)});
}

void Record::not_applicable(std::string violated, std::string why) {
  verdict = Verdict::not_applicable;
  this->why = std::move(why);
  outputs.clear();
  assumptions.push_back({std::move(violated), Status::violated});
}

void Record::undecided(std::string why) {
  not_applicable("the value is decided within the precision limit", std::move(why));
  verdict = Verdict::unknown;
}

bool Record::require(bool condition, std::string_view assumption, std::string_view otherwise) {
  if (condition) {
    holds(std::string(assumption));
  } else {
    not_applicable(std::string(assumption), std::string(otherwise));
  }
  return condition;
}

}  // namespace promptbound
