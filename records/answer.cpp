#include <stdexcept>

#include <promptbound/records/answer.hpp>

namespace promptbound {

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::unknown:
      return "unknown";
    case Verdict::proved:
      return "proved";
    case Verdict::refuted:
      return "refuted";
    case Verdict::computed:
      return "computed";
    case Verdict::not_applicable:
      return "not applicable";
  }
  throw std::logic_error("unknown verdict");
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

void Answer::assume(std::string text) { assumptions.push_back(Assumption{std::move(text), Status::assumed}); }

void Answer::holds(std::string text) { assumptions.push_back(Assumption{std::move(text), Status::holds}); }

}  // namespace promptbound
