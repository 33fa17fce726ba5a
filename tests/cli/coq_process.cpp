// coqc as a child process, played by a script that accepts whatever file it finds.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "run.hpp"

namespace {

/// No file grows beyond some bytes while this lives, as on a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &former_);
    const rlimit limit{bytes, former_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &former_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit former_{};
};

}  // namespace

TEST_CASE("a certificate that the disk does not take is not proved by what coqc says of the rest") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.file("proofs/certificates"));
  write_file(folder.file("proofs/certificates/entropy_bits_claim.vo"), "");
  write_file(folder.file("coqc"), "#!/bin/sh\nexit 0\n");
  chmod(folder.file("coqc").c_str(), 0700);
  constexpr std::size_t room = 4096;
  write_file(folder.file("proof.v"),
             "From Coq Require Import Reals.\nTheorem t : True. Proof. easy. Qed.\n(*" +
                 std::string(2 * room, ' ') + "*)\n");
  const std::string check = "coq-check " + folder.file("proof.v") + " --proofs " + folder.file("proofs");
  const std::string former = getenv("PATH");
  setenv("PATH", (folder.file("") + ":" + former).c_str(), 1);
  const Outcome accepted = run(check);
  Outcome full{};
  {
    const FullDisk disk(room);
    full = run(check);
  }
  setenv("PATH", former.c_str(), 1);
  CHECK(accepted.exit_code == 0);
  CHECK(accepted.out.starts_with("proved: "));
  CHECK(full.exit_code == 3);
  CHECK_MESSAGE(full.out.find("the input of coqc could not be written: ") != std::string::npos, full.out);
  CHECK_MESSAGE(full.out.find("File too large") != std::string::npos, full.out);
}
