// The Coq statements and the bounds are about the same numbers: Coq computes, from the definitions that its
// soundness theorems speak of, the integer that satisfies the claim; the program prints the same one.
#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run.hpp"

namespace {

struct Instance {
  std::string coq;  ///< the claim's checker as a function of the integer N
  std::string arguments;
  std::string output;
};

const std::vector<Instance> instances = {
    // 1.1: d L en ed cn cd q p N, alpha = 2
    {"quantized_capacity_check 2 1 3 10 5 4 1 2 N", "quantized-capacity --d 2 --L 1 --eps 3/10 --C 5/4",
     "least_integer"},
    {"quantized_capacity_grid_check 2 1 3 10 5 4 1 2 N (N ^ 2)",
     "quantized-capacity --d 2 --L 1 --eps 3/10 --C 5/4", "k"},
    // 1.2: d L b w en ed cn cd s k N
    {"entropy_bits_check 1 3 4 5 2 19 1 1 1 4 N", "entropy-bits --d 1 --L 3 --eps 2/19 --b 4 --w 5",
     "tokens"},
    {"entropy_bits_check 1 3 4 5 2 19 1 1 3 4 N",
     "entropy-bits --d 1 --L 3 --eps 2/19 --b 4 --w 5 --alpha inf", "tokens"},
    {"entropy_bits_check 1 3 1 1 2 19 1 1 1 N ((N + 1) ^ 3)", "entropy-bits --d 1 --L 3 --eps 2/19", "k"},
    // 1.4: d L en ed cn cd q p k m
    {"lookup_upper_check 2 2 1 13 3 2 1 2 N (N ^ 4)", "lookup-upper --d 2 --L 2 --eps 1/13 --C 3/2", "k"},
    // 1.3, box form: d L w R Lambda eps C (quotients) s k c N, for some number c of cells
    {"existsb (fun c => if entropy_lipschitz_check 1 2 1 1 1 2 1 1 10 1 1 1 4 c N then ceil_log_check (5 ^ "
     "2) 2 1 c N "
     "else false) cells",
     "entropy-lipschitz --d 1 --L 2 --eps 1/10 --R 1 --Lambda 2 --norm max --w 1", "tokens"},
    {"existsb (fun c => if entropy_lipschitz_check 1 3 2 1 1 1 2 1 7 3 2 3 5 c N then ceil_log_check (3 * 6 "
     "^ 3) 2 2 "
     "c N else false) cells",
     "entropy-lipschitz --d 1 --L 3 --eps 1/7 --C 3/2 --R 1 --Lambda 1/2 --norm max --alpha inf --w 2",
     "tokens"},
    // 2.5, box form: R Lambda Delta eps (quotients) c, then N ln K <= m w ln c
    {"existsb (fun c => if memory_linear_check 1 1 2 1 1 1 1 10 c then floor_log_check (5 * 3) c 1 3 N else "
     "false) "
     "cells",
     "memory-linear --m 5 --w 3 --R 1 --Lambda 2 --Delta 1 --eps 1/10 --K 3 --norm max", "max_examples"},
    {"existsb (fun c => if memory_linear_check 1 1 2 1 1 1 1 10 c then ceil_log_check 50 3 3 c N else false) "
     "cells",
     "memory-linear --N 50 --w 3 --R 1 --Lambda 2 --Delta 1 --eps 1/10 --K 3 --norm max --solve m", "m"},
    // 2.7: m w b K N and N K w b m
    {"memory_bits_count_check 3 5 4 7 N", "memory-bits --m 3 --w 5 --b 4 --K 7", "max_examples"},
    {"memory_bits_length_check 23 7 5 2 N", "memory-bits --N 23 --w 5 --b 2 --K 7 --solve m", "m"},
    {"memory_bits_count_check 3 5 8 11 N", "accessible-length --m 3 --w 5 --b 8 --v 11", "longest"},
    // 2.8: N K b P J m, and N K b P e m where a label takes e entries
    {"packed_memory_check 1000 10 16 7 4 N", "packed-memory --N 1000 --K 10 --P 7", "tokens"},
    {"packed_memory_check 1000 10 16 7 N 36", "packed-memory --N 1000 --K 10 --P 7", "labels_per_entry"},
    {"packed_memory_wide_check 90 1000 4 8 3 N", "packed-memory --N 90 --K 1000 --b 4 --P 8", "tokens"},
    // 1.6: d L en ed cn cd q p b P t k J A r m M, difference form; d L en ed cn cd q p b P M k J r m, direct
    // form
    {"packed_difference_check 2 2 1 10 1 1 0 1 16 64 6 6 4 2 63 N 36",
     "packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64", "tokens"},
    {"packed_difference_check 2 2 1 10 1 1 0 1 16 64 6 6 4 2 N 21 36",
     "packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64", "cells_per_token"},
    {"packed_difference_check 2 2 1 10 1 1 0 1 16 64 6 6 N 2 63 21 36",
     "packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64", "digits_per_entry"},
    {"packed_difference_check 2 2 1 10 1 1 0 1 16 64 6 6 4 N 63 21 36",
     "packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64", "first_digits"},
    {"packed_direct_check 1 3 1 5 1 1 1 3 8 48 255 4 1 16 N",
     "packed-upper --d 1 --L 3 --eps 1/5 --alpha 3 --b 8", "tokens"},
    {"packed_direct_check 1 3 1 5 1 1 1 3 8 48 255 N 1 16 ((N ^ 3 + 15) / 16)",
     "packed-upper --d 1 --L 3 --eps 1/5 --alpha 3 --b 8", "k"},
};

}  // namespace

TEST_CASE("Coq computes the integers that the program prints") {
  std::string coq =
      "From Coq Require Import ZArith List Bool. Import ListNotations. Local Open Scope Z_scope.\n"
      "From PromptBound.certificates Require Import quantized_capacity_claim entropy_bits_claim "
      "log_compare.\n"
      "From PromptBound.certificates Require Import entropy_lipschitz_claim lookup_upper_claim "
      "memory_bits_claim packed_memory_claim packed_upper_claim.\n"
      "Definition range := map Z.of_nat (seq 0 160).\nDefinition cells := map Z.of_nat (seq 2 100).\n";
  std::vector<std::string> printed;
  for (const Instance& instance : instances) {
    CAPTURE(instance.arguments);
    const Outcome outcome = run("eval " + instance.arguments + " --format json");
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    const auto outputs = nlohmann::json::parse(outcome.out)["outputs"];
    printed.push_back(outputs[instance.output]["exact"]);
    coq += "Eval vm_compute in filter (fun N => " + instance.coq + ") range.\n";
  }
  const TemporaryFolder folder;
  write_file(folder.file("instances.v"), coq);
  const std::string out = folder.file("out");
  const int status = std::system(("coqc -q -w none -Q " PROMPTBOUND_PROOFS " PromptBound " +
                                  folder.file("instances.v") + " >" + out + " 2>&1")
                                     .c_str());
  REQUIRE_MESSAGE(status == 0, read_file(out));
  // Every claim holds of exactly one integer below 160, the printed one.
  std::istringstream answers(read_file(out));
  std::size_t i = 0;
  for (std::string line; std::getline(answers, line);) {
    if (line.find('=') == std::string::npos) continue;
    REQUIRE(i < printed.size());
    CAPTURE(instances[i].coq);
    CHECK(line == "     = [" + printed[i] + "]");
    ++i;
  }
  CHECK(i == printed.size());
}
