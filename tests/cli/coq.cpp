// Coq certificates, as far as they go without coqc: what is written, what is refused.
#include <doctest/doctest.h>

#include <string>

#include "run.hpp"

namespace {

/// Neither the result nor a certificate is left behind.
void check_no_certificate(const std::string& arguments, const std::string& expected) {
  const TemporaryFolder folder;
  check_refused(arguments + " --coq " + folder.file("proof.v"), expected);
  CHECK(folder.is_empty());
}

void check_rejected(const std::string& text, const std::string& expected) {
  CAPTURE(text);
  const TemporaryFolder folder;
  write_file(folder.file("proof.v"), text);
  const Outcome outcome = run("coq-check " + folder.file("proof.v"));
  CHECK(outcome.exit_code == 1);
  CHECK_MESSAGE(outcome.out.find(expected) != std::string::npos, outcome.out);
}

}  // namespace

TEST_CASE("a certificate states the inputs and the printed integers") {
  const TemporaryFolder folder;
  REQUIRE(run("eval entropy-bits --d 2 --L 2 --eps 0.1 --coq " + folder.file("proof.v")).exit_code == 0);
  const std::string text = read_file(folder.file("proof.v"));
  CHECK(text.find("entropy_bits_claim 2 2 16 2 (1/10) (1/1) 1 4 20.\n") != std::string::npos);
  CHECK(text.find("every_model_needs 2 2 16 2 (1/10) (1/1) 1 2 20.\n") != std::string::npos);
}

TEST_CASE("a packed prompt's certificate names its form and the integers that are printed") {
  const TemporaryFolder folder;
  const std::string file = folder.file("proof.v");
  REQUIRE(run("eval packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64 --coq " + file).exit_code == 0);
  const std::string difference = read_file(file);
  CHECK(difference.find("packed_difference_claim 2 2 (1/10) (1/1) 0 1 16 64 6 6 4 2 63 21.\n") !=
        std::string::npos);
  CHECK(difference.find("packed_sufficient 2 2 (1/10) (1/1) 0 1 16 64 21.\n") != std::string::npos);
  REQUIRE(run("eval packed-upper --d 1 --L 3 --eps 1/5 --alpha 3 --b 8 --coq " + file).exit_code == 0);
  const std::string direct = read_file(file);
  CHECK(direct.find("packed_direct_claim 1 3 (1/5) (1/1) 1 3 8 48 255 4 1 16 4.\n") != std::string::npos);
  CHECK(direct.find("packed_sufficient 1 3 (1/5) (1/1) 1 3 8 48 4.\n") != std::string::npos);
}

TEST_CASE("the bracket's certificate holds the packed prompt where that is its upper end") {
  const TemporaryFolder folder;
  const std::string file = folder.file("proof.v");
  REQUIRE(run("bounds --d 2 --L 2 --eps 1/10 --alpha inf --P 64 --coq " + file).exit_code == 0);
  const std::string text = read_file(file);
  CHECK(text.find("packed_sufficient 2 2 (1/10) (1/1) 0 1 16 64 21.\n") != std::string::npos);
  // At the width of its tokens, 88: ceil(4 5^4/(16 88)) tokens.
  CHECK(text.find("every_model_needs 2 2 16 88 (1/10) (1/1) 0 1 2.\n") != std::string::npos);
  // Where a width is asked for and no payload, the payload fills it: what is certified is what is printed.
  const Outcome wide = run("bounds --d 2 --L 2 --eps 1/10 --alpha inf --w 200 --coq " + file);
  REQUIRE(wide.exit_code == 0);
  CHECK(
      wide.out.find("m <= 8: one fixed transformer, prompt tokens of 200 entries of 16 bits, 176 of them") !=
      std::string::npos);
  CHECK(read_file(file).find("packed_sufficient 2 2 (1/10) (1/1) 0 1 16 176 8.\n") != std::string::npos);
}

TEST_CASE("what no Coq theorem covers is refused and nothing is written") {
  check_no_certificate("eval universality-size --d 2 --L 2 --eps 1/10",
                       "universality-size has no certificates; these have: quantized-capacity, entropy-bits");
  check_no_certificate(
      "eval entropy-bits --d 2 --L 2 --m 100 --alpha inf --solve eps",
      "is proved in Coq (analysis.every_alpha.entropy_bits_accuracy), but no certificate of it can "
      "be written: "
      "entropy-bits --solve eps has no certificates");
  check_no_certificate(
      "eval entropy-lipschitz --d 2 --L 2 --eps 1/10 --R 1 --Lambda 10",
      "is proved in Coq (analysis.euclidean_form.entropy_lipschitz_euclidean), but no certificate of "
      "it can be written: certificates are of the box form, --norm max");
  check_no_certificate("eval memory-linear --m 3 --w 4 --R 1 --Lambda 10 --Delta 1 --eps 1/10",
                       "is proved in Coq (analysis.euclidean_form.memory_linear_euclidean)");
  check_no_certificate("eval lookup-upper --d 2 --L 2 --eps 1/10 --b 16", "leave out --b");
  check_no_certificate("eval packed-upper --d 2 --L 2 --m 9 --solve eps",
                       "packed-upper --solve eps has no certificates");
  check_no_certificate("eval packed-upper --d 60 --L 60 --eps 1/1000", "at most 20000 are feasible");
  check_no_certificate("eval quantized-capacity --d 1 --L 2 --eps 2 --alpha inf",
                       "it is proved for 1/delta > 1");
  check_no_certificate(
      "eval entropy-lipschitz --d 2 --L 2 --eps 1/10 --R 1e-9 --Lambda 1 --norm max --alpha inf",
      "is proved in Coq (analysis.every_alpha.entropy_lipschitz_impossible_alpha)");
  check_no_certificate("eval entropy-bits --d 2 --L 2 --eps 3/4", "not applicable");
  check_no_certificate("eval entropy-bits --d 100 --L 100 --eps 1/1000", "at most 20000 are feasible");
  check_no_certificate("eval entropy-bits --d 2,3 --L 2 --eps 1/10", "one point");
  check_no_certificate("bounds --d 2 --L 2,3 --eps 1/10", "one point");
}

TEST_CASE("a result that cannot be written leaves no certificate") {
  const TemporaryFolder folder;
  CHECK(run("eval entropy-bits --d 2 --L 2 --eps 1/10 -o /nowhere/result --coq " + folder.file("proof.v"))
            .exit_code == 2);
  CHECK(folder.is_empty());
}

TEST_CASE("a file that could assume what it should prove is rejected whatever coqc would say") {
  const std::string start = "From Coq Require Import Reals.\n";
  const std::string commands = "only imports, theorems and tactics are accepted";
  check_rejected(start + "Theorem t : 1 = 2. Proof. Admitted.\n", commands);
  check_rejected(start + "Axiom a : 1 = 2. Theorem t : 1 = 2. Proof. exact a. Qed.\n", commands);
  check_rejected(start + "Section S. Hypothesis a : False. Theorem t : 1 = 2. Proof. destruct a. Qed.\n",
                 commands);
  check_rejected(start + "Unset Guard Checking. Theorem t : True. Proof. easy. Qed.\n", commands);
  check_rejected(start + "#[bypass_check(universes)] Theorem t : True. Proof. easy. Qed.\n", commands);
  check_rejected(start + "Local Notation three := 2. Theorem t : True. Proof. easy. Qed.\n", commands);
  check_rejected("From Cheat Require Import all.\nTheorem t : True. Proof. easy. Qed.\n", commands);
  check_rejected(start + "Notation \"1\" := 2. Theorem t : 1 = 2. Proof. easy. Qed.\n", "there is a string");
  check_rejected(start + "(* Theorem t : True. (* *) Proof. easy. Qed.\n", "a comment does not end");
  check_rejected(start + "Theorem t : True. Proof. easy. Qed", "does not end");
  check_rejected(start, "there is no theorem");
}
