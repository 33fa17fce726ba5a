#include <chrono>
#include <future>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/check.hpp>

namespace promptbound {
namespace {

/// Checks a certificate that holds all that it is about: the files are compared with it.
template <void (*check)(const Json&, const CheckLimits&, CheckReport&)>
void by_content(const Json& certificate, const CheckLimits& limits, const std::vector<GivenInput>& inputs,
                CheckReport& report) {
  checker::check_inputs(certificate, inputs, report);
  check(certificate, limits, report);
}

struct Kind {
  const char* name;
  void (*check)(const Json&, const CheckLimits&, const std::vector<GivenInput>&, CheckReport&);
  const char* theorem;
  const char* trusted;
};

constexpr Kind memorization = {"memorization", by_content<checker::check_memorization>,
                               "theory 2.2 and 2.3: concatenated softmax, the shared query, the floor by two "
                               "rows; of several heads 2.3H, the "
                               "floor by a tree of boxes",
                               "GMP, MPFR and MPFI arithmetic and binary64 intervals, the JSON reader, this "
                               "checker, and the written proof of the "
                               "theorem"};
constexpr Kind prefix = {
    "prefix", by_content<checker::check_prefix>, "theory 2.2p: what a prefix realises, and which one fits",
    "GMP, MPFR and MPFI arithmetic, the JSON reader, this checker, and the written proof of the theorem"};
constexpr Kind injectivity = {
    "injectivity", by_content<checker::check_injectivity>, "theory 3.1 and 3.2",
    "this checker, its JSON reader, GMP rationals, and the proofs of theory 3.1 and 3.2"};
constexpr Kind supremum = {
    "supremum", by_content<checker::check_supremum>,
    "none is needed: an input is exhibited, or the whole cube is covered by boxes",
    "this checker, its JSON reader, GMP, MPFR and MPFI, and binary64 intervals with their exp"};
constexpr Kind recall = {"recall", checker::check_recall,
                         "theory 3.5: greedy decoding by the definition of the model that its files name",
                         "this checker, its readers of JSON and safetensors files, and GMP, MPFR and MPFI"};

CheckReport run(const Kind& kind, const Json& certificate, const CheckLimits& limits = {},
                const std::vector<GivenInput>& inputs = {}) {
  CheckReport report;
  report.format =
      std::string("promptbound certificate, JSON with exact numbers, schema 1, kind ") + kind.name;
  report.theorem = kind.theorem;
  report.trusted = kind.trusted;
  try {
    checker::check_envelope(certificate, kind.name);
    kind.check(certificate, limits, inputs, report);
    report.verdict = Verdict::proved;
  } catch (const checker::LimitReached& limit) {
    report.why = limit.what();
  } catch (const std::bad_alloc&) {
    report.why = "memory: the check needs more than there is";
  } catch (const std::exception& error) {
    report.verdict = Verdict::refuted;
    report.why = error.what();
  }
  if (report.verdict != Verdict::unknown) report.proof = proofs_of(check_proof(), {"verdict"});
  return report;
}

CheckReport check_text(std::string_view text, const std::string& where, const CheckLimits& limits,
                       const std::vector<GivenInput>& inputs) {
  const Json certificate = parse_json(text, where);
  const Json& name = member(certificate, "kind", where);
  for (const Kind* kind : {&memorization, &prefix, &injectivity, &supremum, &recall}) {
    if (name == kind->name) return run(*kind, certificate, limits, inputs);
  }
  throw InputError(where + ".kind: accepted are memorization, prefix, injectivity, supremum and recall");
}

}  // namespace

CheckReport check_memorization(const Json& certificate) { return run(memorization, certificate); }

CheckReport check_injectivity(const Json& certificate) { return run(injectivity, certificate); }

CheckReport check_supremum(const Json& certificate) { return run(supremum, certificate); }

CheckReport check_certificate(std::string_view text, const std::string& where, const CheckLimits& limits,
                              const std::vector<GivenInput>& inputs) {
  if (!limits.seconds) return check_text(text, where, limits, inputs);
  // No loop of the checkers looks at the clock: whatever they are doing, the answer comes in time.
  std::packaged_task<CheckReport()> task(
      [text = std::string(text), where, limits, inputs] { return check_text(text, where, limits, inputs); });
  std::future<CheckReport> answer = task.get_future();
  std::thread worker(std::move(task));
  if (answer.wait_for(std::chrono::seconds(*limits.seconds)) == std::future_status::ready) {
    worker.join();
    return answer.get();
  }
  worker.detach();
  CheckReport report;
  report.why = "seconds: no answer within the limit of " + std::to_string(*limits.seconds) + " s";
  return report;
}

const char* verdict_name(const CheckReport& report) {
  if (report.accepted()) return "accepted";
  return report.verdict == Verdict::refuted ? "rejected" : "unknown";
}

Proofs check_proof() { return {computed("by code of its own; the theorems are those of what is certified")}; }

std::string report_text(const CheckReport& report) {
  std::string text = verdict_name(report);
  if (!report.accepted()) text += ": " + report.why;
  text += "\n";
  const auto line = [&](const char* item, const std::string& value) {
    if (!value.empty()) text += item + (": " + value) + "\n";
  };
  line("object", report.object);
  line("format", report.format);
  if (report.accepted()) {
    line("recomputed", report.statement);
    line("inputs", report.inputs);
  }
  line("lifted by", report.theorem);
  line("trusted", report.trusted);
  return text;
}

}  // namespace promptbound
