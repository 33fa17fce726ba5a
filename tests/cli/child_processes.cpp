// Child processes: coq-check runs the coqc that PATH names, here a script that behaves in one way or another.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "run.hpp"
#include "text.hpp"

namespace fs = std::filesystem;

namespace {

/// A folder with a script in place of coqc, and a development and a certificate for coq-check to take.
class ScriptedCoq {
 public:
  explicit ScriptedCoq(const std::string& script) {
    for (const std::string name : {"bin", "tmp"}) fs::create_directory(folder_.file(name));
    fs::create_directories(proofs() + "/certificates");
    write_file(proofs() + "/certificates/entropy_bits_claim.vo", "");
    write_file(folder_.file("claim.v"), certificate);
    write_file(folder_.file("bin/coqc"), script);
    fs::permissions(folder_.file("bin/coqc"), fs::perms::owner_all);
  }

  /// coq-check in a shell, after `before`.
  [[nodiscard]] Outcome check(const std::string& options = "", const std::string& before = "") const {
    return run_in_shell(before + "\n" + command(options));
  }
  [[nodiscard]] std::string command(const std::string& options = "") const {
    return "PATH=" + file("bin") + ":/usr/bin:/bin TMPDIR=" + file("tmp") + " FOLDER=" + file("") +
           " " PROMPTBOUND_PROGRAM " coq-check --proofs \"" + proofs() + "\" " + options + " " +
           file("claim.v");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  /// A name that a shell would take apart.
  [[nodiscard]] std::string proofs() const { return file("it's a; folder"); }
  [[nodiscard]] bool left_nothing() const { return fs::is_empty(file("tmp")); }

  static constexpr const char* certificate =
      "From Coq Require Import Reals.\nTheorem t : True. Proof. easy. Qed.\n";

 private:
  TemporaryFolder folder_;
};

/// The answer to a script.
Outcome outcome_of(const std::string& script) {
  const ScriptedCoq coq("#!/bin/sh\n" + script);
  Outcome outcome = coq.check();
  CHECK(coq.left_nothing());
  return outcome;
}

/// Whether the process named in the file still runs after some seconds; it may take a moment to end.
bool outlives(const std::string& pid_file) {
  const std::string status = "/proc/" + std::to_string(std::stol(read_file(pid_file))) + "/stat";
  for (int i = 0; i < 500; ++i) {
    const std::string text = read_file(status);
    // After the name in parentheses comes the state; Z: it has ended, and nobody has asked for its code.
    if (text.empty() || contains(text, ") Z ")) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

const std::string waits_for_a_child = "sleep 1000 & echo $! > \"$FOLDER/pid\"\n";

}  // namespace

TEST_CASE("coqc gets the certificate and its arguments as they are and its answer decides") {
  const Outcome accepted = outcome_of(
      "[ \"$6\" = PromptBound ] && [ \"$5\" = \"${FOLDER}it's a; folder\" ] && [ $# = 7 ] &&\n"
      "cmp \"$7\" \"$FOLDER/claim.v\" && [ -z \"$(cat)\" ]\n");
  CHECK_MESSAGE(accepted.exit_code == 0, accepted.out);
  CHECK(contains(accepted.out, "proved: "));
  const Outcome rejected = outcome_of("echo Error:; echo '  not so' >&2; exit 1\n");
  CHECK(rejected.exit_code == 1);
  CHECK(contains(rejected.out, "claim.v: coqc: not so\n"));
}

TEST_CASE("a coqc that gives no answer leaves the claim unknown") {
  for (const std::string script : {"echo 'Error: Out of memory'; exit 1\n", "kill -9 $$\n"}) {
    const Outcome outcome = outcome_of(script);
    CHECK(outcome.exit_code == 3);
    CHECK_MESSAGE(contains(outcome.out, "coqc ran out of 4096 MiB or was stopped"), outcome.out);
  }
  const Outcome no_program = ScriptedCoq("no program").check();
  CHECK(no_program.exit_code == 3);
  CHECK_MESSAGE(contains(no_program.out, "coqc could not be started: Exec format error"), no_program.out);
}

TEST_CASE("a coqc that is not installed is said to be missing") {
  const ScriptedCoq coq("");
  fs::remove(coq.file("bin/coqc"));
  const Outcome outcome =
      run_in_shell("PATH=" + coq.file("bin") + " " PROMPTBOUND_PROGRAM " coq-check --proofs \"" +
                   coq.proofs() + "\" " + coq.file("claim.v"));
  CHECK(outcome.exit_code == 3);
  CHECK_MESSAGE(contains(outcome.out, "coqc is not installed"), outcome.out);
}

TEST_CASE("a certificate that could not be handed to coqc is not proved") {
  const ScriptedCoq coq("#!/bin/sh\nexit 0\n");
  CHECK(coq.check().exit_code == 0);
  // No file can be written; what is printed goes through a pipe.
  const Outcome outcome = run_in_shell("(ulimit -f 0; " + coq.command() + "; echo \"exit $?\") 2>&1 | cat");
  CHECK_MESSAGE(contains(outcome.out, "the input of coqc could not be written: File too large\nexit 3\n"),
                outcome.out);
  const Outcome no_folder = run_in_shell("rmdir " + coq.file("tmp") + "; " + coq.command());
  CHECK(no_folder.exit_code == 3);
  CHECK_MESSAGE(contains(no_folder.out, "no temporary folder"), no_folder.out);
}

TEST_CASE("at the time limit coqc ends with all that it started") {
  const ScriptedCoq coq("#!/bin/sh\n" + waits_for_a_child + "wait\n");
  const Outcome outcome = coq.check("--time-limit 1");
  CHECK(outcome.exit_code == 3);
  CHECK_MESSAGE(contains(outcome.out, "no answer within 1 s"), outcome.out);
  CHECK(coq.left_nothing());
  CHECK_FALSE(outlives(coq.file("pid")));
}

TEST_CASE("a signal ends coqc and then the program - one that is ignored does not") {
  const auto killing = [](const std::string& signal) {
    return "#!/bin/sh\n" + waits_for_a_child + "kill -" + signal + " $PPID\n";
  };
  const ScriptedCoq coq(killing("TERM") + "wait\n");
  CHECK(coq.check().exit_code == 128 + 15);
  CHECK(coq.left_nothing());
  CHECK_FALSE(outlives(coq.file("pid")));
  const ScriptedCoq ignored(killing("HUP") + "kill $(cat \"$FOLDER/pid\")\n");
  CHECK(ignored.check("", "trap '' HUP").exit_code == 0);
}
