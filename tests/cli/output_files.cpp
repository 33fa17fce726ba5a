// Where outputs go: links, protected files, inputs, devices.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "run.hpp"
#include "uniform_layer.hpp"

namespace fs = std::filesystem;

namespace {

const std::string bounds = "bounds --d 2 --L 2 --eps 1/10";
/// Refused in one line, and the file holds what it held.
void check_kept(const std::string& arguments, const std::string& file, const std::string& reason) {
  CAPTURE(arguments);
  const std::string before = read_file(file);
  REQUIRE_FALSE(before.empty());
  const Outcome outcome = run(arguments);
  CHECK(outcome.exit_code == 2);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK_MESSAGE(outcome.err.find(reason) != std::string::npos, outcome.err);
  CHECK(read_file(file) == before);
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("an output through symbolic links writes the file behind them and the links stay") {
  const TemporaryFolder folder;
  fs::create_directory(folder.file("elsewhere"));
  write_file(folder.file("elsewhere/real"), "old\n");
  fs::create_symlink("elsewhere/real", folder.file("link"));
  fs::create_symlink(folder.file("link"), folder.file("second"));
  for (const char* name : {"link", "second"}) {
    write_file(folder.file("elsewhere/real"), "old\n");
    CHECK(run(bounds + " -o " + folder.file(name)).exit_code == 0);
    CHECK(fs::is_symlink(folder.file(name)));
    CHECK_FALSE(fs::is_symlink(folder.file("elsewhere/real")));
    CHECK(read_file(folder.file("elsewhere/real")).find("<= m <=") != std::string::npos);
  }
  // A link to a file that is not there yet makes it; a link through a folder does as well.
  fs::create_symlink("elsewhere/new", folder.file("dangling"));
  CHECK(run(bounds + " -o " + folder.file("dangling")).exit_code == 0);
  CHECK(fs::is_symlink(folder.file("dangling")));
  CHECK(fs::is_regular_file(folder.file("elsewhere/new")));
  fs::create_directory_symlink("elsewhere", folder.file("folder"));
  CHECK(run(bounds + " -o " + folder.file("folder/third")).exit_code == 0);
  CHECK(fs::is_regular_file(folder.file("elsewhere/third")));

  fs::create_symlink("circle", folder.file("circle"));
  CHECK(run(bounds + " -o " + folder.file("circle")).exit_code == 2);
  CHECK(fs::is_symlink(folder.file("circle")));
}

TEST_CASE("a file without write bits is not replaced for root neither and modes stay") {
  const TemporaryFolder folder;
  const std::string file = folder.file("result");
  write_file(file, "old\n");
  fs::create_symlink("result", folder.file("link"));
  REQUIRE(chmod(file.c_str(), 0444) == 0);
  check_kept(bounds + " -o " + file, file, "write-protected");
  check_kept(bounds + " -o " + folder.file("link"), file, "write-protected");
  CHECK(mode_of(file) == 0444);
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  CHECK(run(bounds + " -o " + file).exit_code == 0);
  CHECK(mode_of(file) == 0600);
}

TEST_CASE("no output takes the place of an input whatever its name") {
  const TemporaryFolder folder;
  const std::string model_file = folder.file("model.json"), data_file = folder.file("data.json");
  write_file(model_file, uniform_model);
  write_file(data_file, fitting_data);
  fs::create_symlink("model.json", folder.file("symbolic"));
  fs::create_hard_link(model_file, folder.file("hard"));
  const std::string memorize = "memorize --model " + model_file + " --data " + data_file;
  const std::string reason = "this command reads that file";
  for (const char* name : {"model.json", "symbolic", "hard", "./model.json", "data.json"}) {
    const std::string kept = std::string(name) == "data.json" ? data_file : model_file;
    for (const char* option : {" -o ", " --certificate ", " --coq "}) {
      check_kept(memorize + option + folder.file(name), kept, reason);
    }
  }
  CHECK(fs::is_symlink(folder.file("symbolic")));

  CHECK(run(memorize + " --certificate " + folder.file("proof.json")).exit_code == 0);
  check_kept("check " + folder.file("proof.json") + " -o " + folder.file("proof.json"),
             folder.file("proof.json"), reason);
  check_kept(
      "construct least-length-prompt --model " + model_file + " --data " + data_file + " -o " + data_file,
      data_file, reason);
  check_kept("construct impossible-pair --model " + model_file + " -o " + model_file, model_file, reason);
  write_file(folder.file("x.json"), "[[\"1/2\"]]");
  check_kept("run " + model_file + " --input " + folder.file("x.json") + " -o " + folder.file("x.json"),
             folder.file("x.json"), reason);
  check_kept("structure " + model_file + " -o " + model_file, model_file, reason);
  check_kept("structure " + model_file + " --certificate " + model_file, model_file, reason);
  const std::string verify = "verify " + model_file + " --L 1 --target identity --eps 1/10";
  check_kept(verify + " -o " + model_file, model_file, "this command reads that file");
  check_kept(verify + " --certificate " + model_file, model_file, "this command reads that file");
  write_file(folder.file("models.csv"), "model,width,vocabulary\nA,768,50257\n");
  check_kept(
      "table --preset capacity --models " + folder.file("models.csv") + " -o " + folder.file("models.csv"),
      folder.file("models.csv"), reason);
}

TEST_CASE("files of a model folder are inputs - others beside them are not") {
  const TemporaryFolder folder;
  fs::copy(PROMPTBOUND_MODELS_DIR "/tiny-gpt2", folder.file("model"));
  const std::string audit = "audit --model " + folder.file("model") + " -o " + folder.file("model/");
  check_kept(audit + "config.json", folder.file("model/config.json"), "this command reads that file");
  for (const auto& entry : fs::directory_iterator(folder.file("model"))) {
    if (entry.path().extension() == ".safetensors")
      check_kept(audit + entry.path().filename().string(), entry.path().string(), "reads that file");
  }
  write_file(folder.file("model/report.txt"), "old\n");
  CHECK(run(audit + "report.txt").exit_code == 0);
  CHECK(read_file(folder.file("model/report.txt")) != "old\n");
}

TEST_CASE("two outputs are two files") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), uniform_model);
  write_file(folder.file("data.json"), fitting_data);
  write_file(folder.file("out"), "old\n");
  const std::string memorize =
      "memorize --model " + folder.file("model.json") + " --data " + folder.file("data.json");
  check_kept(memorize + " -o " + folder.file("out") + " --certificate " + folder.file("./out"),
             folder.file("out"), "two outputs of this command");
  check_kept(bounds + " -o " + folder.file("out") + " --coq " + folder.file("out"), folder.file("out"),
             "two outputs of this command");
  CHECK(fs::exists(folder.file("out")));
}

TEST_CASE("standard output - descriptors and pipes are written directly") {
  const TemporaryFolder folder;
  const std::string plain = run(bounds).out;
  for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    const Outcome outcome = run(bounds + " -o " + name);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out == plain);
  }
  // What was in an open file stays, and what comes after goes behind it.
  CHECK(run("construct prompt-versus-lora --N 1 -o /dev/stdout").out.find("}\nprompt-versus-lora") !=
        std::string::npos);
  CHECK(run("list > /dev/null; echo first; " PROMPTBOUND_PROGRAM " " + bounds + " -o /dev/stdout").out ==
        "first\n" + plain);
  const std::string file = folder.file("third");
  CHECK(run(bounds + " -o /dev/fd/3 3>" + file).exit_code == 0);
  CHECK(read_file(file) == plain);
  CHECK(run(bounds + " -o /dev/stderr").err == plain);
  CHECK(run(bounds + " -o /dev/stdout | cat").out == plain);
  CHECK(run(bounds + " -o /dev/null").exit_code == 0);
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(run(bounds + " -o " + pipe + " & cat " + pipe + "; wait").out == plain);
  CHECK(fs::is_fifo(pipe));
  CHECK(run(bounds + " -o " + folder.file("")).exit_code == 2);
}

TEST_CASE("an answer that standard output does not take is an error of its own") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), uniform_model);
  write_file(folder.file("data.json"), fitting_data);
  write_file(folder.file("proof.v"), "Axiom falsehood : False.\n");
  const std::string memorize =
      "memorize --model " + folder.file("model.json") + " --data " + folder.file("data.json");
  REQUIRE(run(memorize + " --certificate " + folder.file("proof.json")).exit_code == 0);
  for (const std::string& arguments :
       {bounds, bounds + " --format json", std::string("list"), std::string("--help"),
        std::string("--version"), std::string("eval --help"), memorize, "check " + folder.file("proof.json"),
        "coq-check " + folder.file("proof.v"),
        "construct prompt-versus-lora --N 2 -o " + folder.file("data-set.json"),
        bounds + " -o /dev/stdout"}) {
    CAPTURE(arguments);
    const Outcome outcome = run(arguments + " > /dev/full");
    CHECK(outcome.exit_code == 4);
    const std::string message = "cannot write standard output: No space left on device";
    const bool is_json = arguments.find("--format json") != std::string::npos;
    CHECK(outcome.err == (is_json ? R"({"schema":1,"error":{"kind":"output","message":")" + message +
                                        "\",\"exit_code\":4}}\n"
                                  : "promptbound: " + message + "\n"));
  }
}
