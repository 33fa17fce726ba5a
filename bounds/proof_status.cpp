#include <promptbound/bounds/proof_status.hpp>
#include <promptbound/bounds/proved_theorems.hpp>

namespace promptbound {

std::string_view proof_status(std::string_view id, Kind kind) {
  for (const ProvedTheorem& theorem : proved_theorems) {
    if (theorem.id == id) return theorem.status;
  }
  return kind == Kind::published || kind == Kind::threshold ? "transcribed, not proved here"
                                                            : "proof on paper";
}

}  // namespace promptbound
