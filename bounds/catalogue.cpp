#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/bounds/entries.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substitution}));
    }
  }
  return row.back();
}

/// The arguments that the uses ask for, defaults filled in, in the order of the uses.
Arguments complete(std::string_view id, const std::vector<Use>& uses, const Arguments& given,
                   Record& record) {
  Arguments result;
  record.inputs.reserve(uses.size());
  for (const Use& use : uses) {
    const Parameter& parameter = *use.parameter;
    const Argument* argument = given.find(parameter.name);
    const bool is_given = argument != nullptr;
    std::optional<Argument> computed;  // a default that is a value is not copied
    if (!is_given && use.value) {
      argument = &*use.value;
    } else if (!is_given && (computed = use.default_at(result))) {
      argument = &*computed;
    }
    if (argument != nullptr) {
      record.inputs.push_back({std::string(parameter.name), *argument, !is_given});
      result.set(parameter.name, *argument);
    } else if (use.required) {
      throw InputError(
          fmt::format("{} needs --{} ({}): {}", id, parameter.name, parameter.meaning, parameter.accepted()));
    }
  }
  return result;
}

/// What proves the outputs of an applicable record.
Proofs proof_of(const std::vector<Form>& forms, const Arguments& arguments, const Record& record) {
  for (const Form& form : forms) {
    if (form.holds(arguments, record)) return form.proof;
  }
  return {};
}

Record run(const Bound& bound, const std::vector<Use>& uses, Evaluate function,
           const std::vector<Form>& forms, const Arguments& given, long digits, std::string_view only) {
  Record record;
  record.only = only;
  record.id = bound.id;
  record.kind = bound.kind;
  record.theory = bound.theory;
  record.source = bound.source;
  const Arguments arguments = complete(bound.id, uses, given, record);
  try {
    function(arguments, digits, record);
  } catch (const Undecided& undecided) {
    record.undecided(fmt::format("unknown: {}", undecided.what()));
  }
  if (record.is_applicable()) record.proof = proof_of(forms, arguments, record);
  return record;
}

}  // namespace

std::optional<Argument> Use::default_at(const Arguments& arguments) const {
  for (const Parameter* parameter : from) {
    if (!arguments.has(*parameter)) return std::nullopt;
  }
  if (compute != nullptr) return compute(arguments);
  return from.empty() ? value : *arguments.find(from.front()->name);
}

void Arguments::set(std::string_view name, Argument argument) {
  for (Entry& entry : entries_) {
    if (entry.name == name) {
      entry.argument = std::move(argument);
      return;
    }
  }
  entries_.push_back({name, std::move(argument)});
}

const Argument* Arguments::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name.size() == name.size() && entry.name.front() == name.front() && entry.name == name)
      return &entry.argument;
  }
  return nullptr;
}

const Argument& Arguments::at(const Parameter& parameter) const {
  const Argument* found = find(parameter.name);
  if (found == nullptr) throw std::out_of_range("no argument named " + std::string(parameter.name));
  return *found;
}

const std::vector<Bound>& catalogue() {
  static const std::vector<Bound> bounds = [] {
    std::vector<Bound> all = catalogue_entries();
    std::stable_sort(all.begin(), all.end(),
                     [](const Bound& a, const Bound& b) { return a.theory < b.theory; });
    return all;
  }();
  return bounds;
}

std::string nearest(std::string_view name, const std::vector<std::string_view>& known) {
  // What begins with the name is what was meant, however much of it is missing.
  const auto distance = [&](std::string_view one) {
    return !name.empty() && one.starts_with(name) ? std::size_t{0}
                                                  : static_cast<std::size_t>(edit_distance(name, one));
  };
  const auto best = std::min_element(known.begin(), known.end(), [&](std::string_view a, std::string_view b) {
    return distance(a) < distance(b);
  });
  return best == known.end() ? "" : std::string(*best);
}

const Bound& find_bound(std::string_view id) {
  std::vector<std::string_view> ids;
  for (const Bound& bound : catalogue()) {
    if (bound.id == id) return bound;
    ids.push_back(bound.id);
  }
  throw InputError(fmt::format("no bound is called '{}': did you mean {}? (promptbound list shows all)",
                               id.substr(0, 60), nearest(id, ids)));
}

const std::vector<const Parameter*>& all_parameters() {
  static const std::vector<const Parameter*> parameters = [] {
    std::vector<const Parameter*> all;
    const auto add = [&](const std::vector<Use>& uses) {
      for (const Use& use : uses) {
        if (std::find(all.begin(), all.end(), use.parameter) == all.end()) all.push_back(use.parameter);
      }
    };
    for (const Bound& bound : catalogue()) {
      add(bound.uses);
      for (const Inverse& inverse : bound.inverses) add(inverse.uses);
    }
    return all;
  }();
  return parameters;
}

bool has_required(const std::vector<Use>& uses, const Arguments& arguments) {
  return std::all_of(uses.begin(), uses.end(),
                     [&](const Use& use) { return !use.required || arguments.has(*use.parameter); });
}

Record evaluate(const Bound& bound, const Arguments& arguments, long digits, std::string_view only) {
  return run(bound, bound.uses, bound.evaluate, bound.forms, arguments, digits, only);
}

const Inverse& find_inverse(const Bound& bound, std::string_view unknown) {
  std::vector<std::string_view> known;
  for (const Inverse& inverse : bound.inverses) {
    if (inverse.unknown == unknown) return inverse;
    known.push_back(inverse.unknown);
  }
  throw InputError(fmt::format("--solve '{}': {} can be solved for {}", unknown.substr(0, 60), bound.id,
                               known.empty() ? "nothing" : fmt::format("{}", fmt::join(known, ", "))));
}

Record evaluate(const Bound& bound, const Inverse& inverse, const Arguments& arguments, long digits) {
  return run(bound, inverse.uses, inverse.evaluate, inverse.forms, arguments, digits, "");
}

void certify_in_coq(const Bound& bound, const Inverse* inverse, const Arguments& arguments,
                    const Record& record, CoqCertificate& certificate) {
  if (!record.is_applicable())
    throw InputError(fmt::format("--coq: {} is not applicable: {}", bound.id, record.why));
  const CertifyInCoq certify = inverse == nullptr ? bound.certify : inverse->certify;
  if (certify == nullptr) {
    std::string known;
    const auto add = [&](const Bound& other, std::string_view unknown) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", other.id);
      if (!unknown.empty()) known += fmt::format(" --solve {}", unknown);
    };
    for (const Bound& other : catalogue()) {
      if (other.certify != nullptr) add(other, "");
      for (const Inverse& backwards : other.inverses) {
        if (backwards.certify != nullptr) add(other, backwards.unknown);
      }
    }
    const std::string solve = inverse == nullptr ? "" : fmt::format(" --solve {}", inverse->unknown);
    no_coq_certificate(record,
                       fmt::format("{}{} has no certificates; these have: {}", bound.id, solve, known));
  }
  Record scratch;
  certificate.begin(record);
  certify(complete(bound.id, inverse == nullptr ? bound.uses : inverse->uses, arguments, scratch), record,
          certificate);
}

}  // namespace promptbound
