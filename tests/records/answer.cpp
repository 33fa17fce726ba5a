// What answers have in common: verdicts, values that are typed, and no claim before something is known.
#include <doctest/doctest.h>

#include <stdexcept>

#include <promptbound/records/record.hpp>

using namespace promptbound;

TEST_CASE("no answer starts as a claim") {
  CHECK(Answer().verdict == Verdict::unknown);
  CHECK(Answer().proof.of("anything").kind == ProofKind::unproved);
  const Record record;
  CHECK_FALSE(record.is_applicable());
  CHECK(record.is_undecided());
}

TEST_CASE("a record is computed once it has an output and loses every number with its verdict") {
  Record record;
  record.add("tokens", Integer(3));
  CHECK(record.verdict == Verdict::computed);
  CHECK(record.is_applicable());
  CHECK(record.output("tokens").exact() == "3");
  CHECK_THROWS_AS((void)record.output("k"), std::out_of_range);

  Record violated = record;
  CHECK_FALSE(violated.require(false, "eps < 1/2", "eps is too large"));
  CHECK(violated.verdict == Verdict::not_applicable);
  CHECK(violated.outputs.empty());
  CHECK(violated.why == "eps is too large");
  REQUIRE(violated.assumptions.size() == 1);
  CHECK(violated.assumptions.front().status == Status::violated);
  CHECK_FALSE(violated.is_undecided());

  Record undecided = record;
  undecided.undecided("4096 bits do not decide");
  CHECK(undecided.verdict == Verdict::unknown);
  CHECK(undecided.outputs.empty());
  CHECK(undecided.is_undecided());
  CHECK_FALSE(undecided.is_applicable());
}

TEST_CASE("verdicts have names of their own") {
  CHECK(name(Verdict::unknown) == "unknown");
  CHECK(name(Verdict::proved) == "proved");
  CHECK(name(Verdict::refuted) == "refuted");
  CHECK(name(Verdict::computed) == "computed");
  CHECK(name(Verdict::not_applicable) == "not applicable");
}

TEST_CASE("a given value keeps its type") {
  const Argument tenth = Rational(1, 10), two = 2, large = Integer("123456789012345678901"),
                 endless = Number::infinity(), word = "max";
  CHECK(tenth.number() == Number(Rational(1, 10)));
  CHECK(tenth.text() == "1/10");
  CHECK(two.integer() == 2);
  CHECK(two.text() == "2");
  CHECK(large.integer() == Integer("123456789012345678901"));
  CHECK(endless.number().infinite);
  CHECK(endless.text() == "inf");
  CHECK(word.word() == "max");
  CHECK(word.text() == "max");
  CHECK(word.is_word());
  CHECK_FALSE(tenth.is_word());
  CHECK_THROWS_AS((void)word.number(), std::logic_error);
  CHECK_THROWS_AS((void)two.word(), std::logic_error);
  CHECK(two == Argument(Rational(4, 2)));
  CHECK_FALSE(two == Argument("2"));

  Record record;
  record.inputs = {{"w", two}, {"norm", word, true}};
  CHECK(record.input("w").integer() == 2);
  CHECK(record.input("norm").word() == "max");
  CHECK_THROWS_AS((void)record.input("b"), std::out_of_range);
}

TEST_CASE("the proof of one output is the status that names it then that of the rest") {
  const ProofStatus theorem = proved_in_coq("1.2", {"a.b.c"}).of({"k"});
  const ProofStatus paper = proved_on_paper("1.4");
  const Proofs proofs = {theorem, paper};
  CHECK(proofs.of("k") == theorem);
  CHECK(proofs.of("tokens") == paper);
  CHECK(Proofs{theorem}.of("tokens") == ProofStatus());
  CHECK(Proofs() == Proofs(std::vector<ProofStatus>()));
}
