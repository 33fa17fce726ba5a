/// The files that a certificate was made from: their hashes in it, and the comparison with the files that a
/// reader has.
///
/// A certificate holds its model, data and target in full, and in "inputs" the SHA-256 of the files that they
/// were read from, by role: "model", "data", "table". Nothing is recomputed from a hash: that the content is
/// the file's is the word of whoever made the certificate, until both are compared here. Shares the hash and
/// the reading of JSON with the producers.
#pragma once

#include <string>
#include <vector>

#include <promptbound/verify/check/report.hpp>

namespace promptbound {

/// A file of the reader's, or a folder, whose files are read where they are needed.
struct GivenInput {
  std::string role;  ///< "model", "data", "table" or "prompt"
  std::string path;
  std::string content;  ///< empty for a folder
};

namespace checker {

/// Checks a certificate of recall, as those of report.hpp, against the folders that it names by the hashes of
/// their files: it does not hold the model.
void check_recall(const Json& certificate, const CheckLimits& limits, const std::vector<GivenInput>& inputs,
                  CheckReport& report);

/// Throws InputError, the reason for rejection, where "inputs" is malformed, a given file has another SHA-256
/// than the certificate names, or a JSON file's content is not the certificate's. Says in the report which
/// files are named and which were compared, and adds what remains trusted of the others.
void check_inputs(const Json& certificate, const std::vector<GivenInput>& inputs, CheckReport& report);

}  // namespace checker
}  // namespace promptbound
