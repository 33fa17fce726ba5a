#include <promptbound/attention/choice/attention_proof.hpp>
#include <promptbound/cli/check_catalogue.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize_proof.hpp>
#include <promptbound/verify/prefix/memorize_prefix.hpp>
#include <promptbound/verify/recall/recall.hpp>
#include <promptbound/verify/structure/structure_proof.hpp>
#include <promptbound/verify/supremum/packed_cover.hpp>

namespace promptbound {
namespace {

std::vector<ProvedForm> supremum_forms() {
  return {{"a cover by boxes, or a witness", supremum_proof().statuses()},
          {"the network of theory 5.9, by its cells", packed_supremum_proof().statuses()}};
}

std::vector<ProvedForm> certificate_forms() { return {{"every form", check_proof().statuses()}}; }

}  // namespace

std::span<const CheckEntry> checks() {
  static constexpr CheckEntry all[] = {
      {"supremum", "5", "own", "is the error of a model with its prompt at most eps on the whole cube?",
       "verify MODEL --target NAME --eps NUMBER", supremum_forms},
      {"shared-query", "2.2", "own", "does some prompt fit examples that share a query, and how long is it?",
       "memorize --model FILE --data FILE", shared_query_forms},
      {"prefix-length", "2.2p", "own", "which numbers of key-value pairs fit such examples, under norm caps?",
       "memorize --prefix --model FILE --data FILE", prefix_forms},
      {"memorization-floor", "2.3", "own", "e*, the error that every prompt leaves at least on such examples",
       "memorize --model FILE --data FILE", floor_forms},
      {"multihead-floor", "2.3H", "own", "the same of a layer of several heads, by branch and bound",
       "memorize --model FILE --data FILE", layer_floor_forms},
      {"rank-lower", "2.4", "WCWH23", "prompt tokens that an exact fit needs, by rank",
       "memorize --model FILE --data FILE", rank_forms},
      {"lipschitz-constants", "3.1", "own", "Lipschitz constants that no sequence length changes",
       "structure FILE", lipschitz_forms},
      {"injectivity", "3.2", "WCWH23", "is the map from inputs to outputs injective under every prompt?",
       "structure FILE", injectivity_forms},
      {"recall", "3.5", "own", "does a real model with this soft prompt say exactly these tokens?",
       "recall --model DIR --tokens FILE", recall_forms},
      {"attention", "4.2", "own", "within how much of the exact result is every attention output?",
       "attention --q FILE --k FILE --v FILE", attention_forms},
      {"certificate", "-", "own", "does a certificate of a verdict stand when it is recomputed?",
       "check CERTIFICATE", certificate_forms},
  };
  return all;
}

}  // namespace promptbound
