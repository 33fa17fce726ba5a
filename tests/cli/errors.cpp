// Bad input: one line, exit code 2, nothing left behind.
#include <doctest/doctest.h>

#include <string>

#include "run.hpp"

TEST_CASE("values out of range are refused with what is accepted") {
  const std::string eps = "eps is a number > 0 such as 1/10, 0.1 or 1e-3";
  check_refused("bounds --d 2 --L 2 --eps 0", eps);
  check_refused("bounds --d 2 --L 2 --eps -1", eps);
  check_refused("bounds --d 2 --L 2 --eps nan", eps);
  check_refused("bounds --d 2 --L 2 --eps inf", eps);
  check_refused("bounds --d 2 --L 2 --eps ''", eps);
  check_refused("bounds --d 2 --L 2 --eps 1/10 --alpha 1/2", "alpha is a number >= 1, or inf");
  check_refused("bounds --d 0 --L 2 --eps 1/10", "d is a whole number from 1");
  check_refused("bounds --d 3/2 --L 2 --eps 1/10", "d is a whole number from 1");
  check_refused("eval entropy-lipschitz --d 2 --L 2 --eps 1/10 --R 1 --Lambda 2 --norm manhattan",
                "norm is one of euclidean, max");
  check_refused("bounds --d 2 --L 2 --eps 1/10 --digits 0", "--digits");
  check_refused("bounds --d 2 --L 2 --eps 1/10 --format pdf", "text, markdown, latex, csv, json");
}

TEST_CASE("ranges that are empty - huge or malformed are refused") {
  check_refused("bounds --d 8:1 --L 2 --eps 1/10", "the range is empty");
  check_refused("bounds --d 1:100000000 --L 2 --eps 1/10", "more than 10000000 points");
  check_refused("bounds --d 1:10000 --L 1:10000 --eps 1/10", "more than 10000000 points");
  check_refused("bounds --d 1:8:0 --L 2 --eps 1/10", "a step must be > 0");
  check_refused("bounds --d 1:8:x1 --L 2 --eps 1/10", "a factor must be > 1");
  check_refused("bounds --d 1:8:1/2 --L 2 --eps 1/10", "whole numbers");
  check_refused("bounds --d 1:2:3:4 --L 2 --eps 1/10", "not a range");
  check_refused("bounds --d 1,,2 --L 2 --eps 1/10", "d is a whole number");
  check_refused("bounds --d 2 --L 2 --eps 1/10 --alpha 1:inf", "a range must be finite");
}

TEST_CASE("unknown names are refused with the nearest known one") {
  check_refused("eval entropy-bit --d 2", "did you mean entropy-bits?");
  check_refused("bounds --d 2 --L 2 --epss 1/10", "did you mean --eps?");
  check_refused("table --of entropy-bits.token --d 2 --L 2 --eps 1/10", "did you mean tokens?");
  check_refused("eval memory-bits --m 3 --w 2 --solve K", "can be solved for m");
  check_refused("eval entropy-bits --d 2 --L 2 --eps 1/10 --K 3", "--K is not a parameter of entropy-bits");
}

TEST_CASE("missing parameters are named") {
  check_refused("bounds --d 2 --L 2", "bounds needs --eps (accuracy)");
  check_refused("eval memory-linear --m 3", "memory-linear needs --w");
  check_refused("table --d 2", "table needs --of");
}

TEST_CASE("a models file that is missing or malformed is refused with its line") {
  const TemporaryFolder folder;
  const std::string models = folder.file("models.csv");
  check_refused("table --preset capacity --models " + models, "cannot read");
  write_file(models, "model,width\nA,3\n");
  check_refused("table --preset capacity --models " + models, "no column 'vocabulary'");
  write_file(models, "model,width,vocabulary\nA,3\n");
  check_refused("table --preset capacity --models " + models, "line 2: 2 fields instead of 3");
  write_file(models, "model,width,vocabulary\nA,3,many\n");
  check_refused("table --preset capacity --models " + models, "line 2: vocabulary: 'many'");
}

TEST_CASE("an output that cannot be written is refused and an existing file stays as it was") {
  CHECK(run("bounds --d 2 --L 2 --eps 1/10 -o /nonexistent/folder/file").exit_code == 2);
  CHECK(run("bounds --d 2 --L 2 --eps 1/10 -o /dev/full").exit_code == 2);

  // A disk that fills up while writing: a file-size limit of 512-byte blocks stands in for it.
  const TemporaryFolder folder;
  const std::string result = folder.file("result");
  write_file(result, "old\n");
  const Outcome full = run("list > /dev/null; ulimit -f 8; " PROMPTBOUND_PROGRAM
                           " bounds --d 1:100 --L 2 --eps 1/10 --format csv -o " +
                           result);
  CHECK(full.exit_code == 2);
  CHECK(full.err.find("cannot write") != std::string::npos);
  CHECK(read_file(result) == "old\n");
}

TEST_CASE("an interrupted command leaves the old file and no half-written one") {
  const TemporaryFolder folder;
  const std::string result = folder.file("result");
  write_file(result, "old\n");
  run("list > /dev/null; timeout -s INT 1 " PROMPTBOUND_PROGRAM
      " bounds --d 1:1000 --L 1:1000 --eps 1/10 --format csv --quiet -o " +
      result);
  CHECK(read_file(result) == "old\n");
  CHECK(run("list > /dev/null; ls " + folder.file("")).out.find("part") == std::string::npos);
}
