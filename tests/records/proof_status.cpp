#include <doctest/doctest.h>

#include <promptbound/records/proof_status.hpp>
#include <promptbound/records/record.hpp>

using namespace promptbound;

TEST_CASE("what says nothing of its proof is unproved") {
  CHECK(ProofStatus().text() == "unproved");
  Record record;
  record.add("tokens", Integer(3));
  REQUIRE(record.proofs().size() == 1);
  CHECK(record.proofs().front().kind == ProofKind::unproved);
  CHECK(record.proof_of("tokens").kind == ProofKind::unproved);
}

TEST_CASE("outputs go to the status that names them then to the one for the rest else they are unproved") {
  const ProofStatus theorem = proved_in_coq("1.2", {"a.b.c", "d.e.f"});
  const ProofStatus paper = proved_on_paper("1.4", "nearby it is proved in Coq", {"g.h.i"});
  const std::vector<std::string_view> outputs = {"k", "tokens", "width"};
  CHECK(proof_lines(proofs_of({theorem}, outputs)) ==
        std::vector<std::string>{"proved in Coq: a.b.c with d.e.f"});
  CHECK(proof_lines(proofs_of({paper, theorem.of({"tokens"})}, outputs)) ==
        std::vector<std::string>{"k, width: proof on paper (theory 1.4); nearby it is proved in Coq: g.h.i",
                                 "tokens: proved in Coq: a.b.c with d.e.f"});
  CHECK(proof_lines(proofs_of({theorem.of({"k"}), transcribed("1.1").of({"absent"})}, outputs)) ==
        std::vector<std::string>{"k: proved in Coq: a.b.c with d.e.f", "tokens, width: unproved"});
  CHECK(proofs_of({theorem}, {}).empty());
}
