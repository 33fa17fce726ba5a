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

std::string_view name(Status status) {
  switch (status) {
    case Status::holds:
      return "holds";
    case Status::assumed:
      return "assumed";
    case Status::violated:
      return "violated";
  }
  throw std::logic_error("unknown status");
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

ProofStatus Record::proof_of(std::string_view name) const { return proofs_of(proof, {name}).front(); }

void Record::add(std::string name, Quantity value) {
  outputs.push_back(Output{std::move(name), std::move(value)});
}

void Record::assume(std::string text) { assumptions.push_back(Assumption{std::move(text), Status::assumed}); }

void Record::holds(std::string text) { assumptions.push_back(Assumption{std::move(text), Status::holds}); }

void Record::not_applicable(std::string violated, std::string why) {
  applicable = false;
  reason = std::move(why);
  outputs.clear();
  assumptions.push_back({std::move(violated), Status::violated});
}

bool Record::require(bool condition, const std::string& assumption, const std::string& otherwise) {
  if (condition) {
    holds(assumption);
  } else {
    not_applicable(assumption, otherwise);
  }
  return condition;
}

}  // namespace promptbound
