// The attention command, as a user runs it.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "numbers.hpp"
#include "run.hpp"

namespace {

/// A version 1 .npy file, written independently of the program's writer.
template <class T>
void write_npy(const std::string& path, const std::vector<T>& values, const std::string& shape) {
  std::string header = std::string("{'descr': '<f") + (sizeof(T) == 4 ? "4" : "8") +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(length & 0xff);
  text += static_cast<char>(length >> 8);
  text += header;
  text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  write_file(path, text);
}

template <class T>
std::vector<T> read_npy_values(const std::string& path, std::size_t count) {
  const std::string text = read_file(path);
  std::vector<T> values(count);
  REQUIRE(text.size() > count * sizeof(T));
  std::memcpy(values.data(), text.data() + text.size() - count * sizeof(T), count * sizeof(T));
  return values;
}

struct Example {
  TemporaryFolder folder;
  std::vector<float> q, k, v;

  Example(int n, int m, int d, int d_v) {
    std::mt19937 engine(1);
    std::uniform_real_distribution<float> entry(-1, 1);
    const auto fill = [&](std::vector<float>& out, int rows, int columns) {
      for (int i = 0; i < rows * columns; ++i) out.push_back(entry(engine));
    };
    fill(q, n, d);
    fill(k, m, d);
    fill(v, m, d_v);
    write_npy(folder.file("q.npy"), q, std::to_string(n) + ", " + std::to_string(d));
    write_npy(folder.file("k.npy"), k, std::to_string(m) + ", " + std::to_string(d));
    write_npy(folder.file("v.npy"), v, std::to_string(m) + ", " + std::to_string(d_v));
  }
  [[nodiscard]] std::string arguments() const {
    return "attention --q " + folder.file("q.npy") + " --k " + folder.file("k.npy") + " --v " +
           folder.file("v.npy");
  }
};

}  // namespace

TEST_CASE("outputs agree with the textbook formula within the bound that is printed") {
  const std::size_t n = 5, m = 300, d = 4, d_v = 3;
  const Example example(n, m, d, d_v);
  const std::string out = example.folder.file("out.npy");
  const std::string command = example.arguments() + " --scale 1/3 --format json -o " + out + " ";
  for (const std::string options :
       {"--method exact", "--method exact --rounding running", "--accuracy 1e-3 --method polynomial",
        "--accuracy 1e-3 --method cholesky", "--accuracy 1e-9", "--accuracy 1e-2"}) {
    CAPTURE(options);
    const Outcome outcome = run(command + options);
    REQUIRE(outcome.exit_code == 0);
    const auto report = nlohmann::json::parse(outcome.out);
    const double bound = number(report["error_bound"]);
    CHECK(bound < (options.find("1e-9") != std::string::npos ? 1e-9 : 1e-2));
    const bool wide = report["precision"] == "binary64";
    CHECK(wide == (options.find("1e-9") != std::string::npos));
    std::vector<double> outputs;
    if (wide) {
      outputs = read_npy_values<double>(out, n * d_v);
    } else {
      for (const float x : read_npy_values<float>(out, n * d_v)) outputs.push_back(x);
    }
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<long double> sums(d_v, 0);
      long double total = 0;
      for (std::size_t j = 0; j < m; ++j) {
        long double score = 0;
        for (std::size_t c = 0; c < d; ++c)
          score += static_cast<long double>(example.q[i * d + c]) * example.k[j * d + c];
        const long double weight = std::exp(score / 3);
        total += weight;
        for (std::size_t c = 0; c < d_v; ++c) sums[c] += weight * example.v[j * d_v + c];
      }
      for (std::size_t c = 0; c < d_v; ++c)
        CHECK(std::abs(static_cast<double>(sums[c] / total) - outputs[i * d_v + c]) <= bound + 1e-17);
    }
  }
}

TEST_CASE("an accuracy that nothing certifies is refused with the best one and nothing is written") {
  const Example example(3, 10, 2, 2);
  const std::string out = example.folder.file("out.npy");
  const Outcome outcome = run(example.arguments() + " --accuracy 1e-18 --format json -o " + out);
  CHECK(outcome.exit_code == 1);
  const auto report = nlohmann::json::parse(outcome.out);
  CHECK(report["verdict"] == "refused");
  const double reachable = number(report["reachable_accuracy"]);
  CHECK(reachable < 1e-14);
  CHECK(reachable > 1e-18);
  CHECK(run("attention --q " + out + " --k " + out + " --v " + out).exit_code == 2);  // no such file
}

TEST_CASE("a soft prompt is the same as its keys and values in front") {
  const Example all(4, 30, 3, 2);
  const std::vector<float> front_k(all.k.begin(), all.k.begin() + 10L * 3),
      front_v(all.v.begin(), all.v.begin() + 10L * 2);
  write_npy(all.folder.file("pk.npy"), front_k, "10, 3");
  write_npy(all.folder.file("pv.npy"), front_v, "10, 2");
  write_npy(all.folder.file("k2.npy"), std::vector<float>(all.k.begin() + 10L * 3, all.k.end()), "20, 3");
  write_npy(all.folder.file("v2.npy"), std::vector<float>(all.v.begin() + 10L * 2, all.v.end()), "20, 2");
  const auto file = [&](const char* name) { return all.folder.file(name); };
  REQUIRE(run(all.arguments() + " -o " + file("a.npy")).exit_code == 0);
  REQUIRE(run("attention --q " + file("q.npy") + " --k " + file("k2.npy") + " --v " + file("v2.npy") +
              " --prompt-k " + file("pk.npy") + " --prompt-v " + file("pv.npy") + " -o " + file("b.npy"))
              .exit_code == 0);
  const auto a = read_npy_values<float>(file("a.npy"), 8), b = read_npy_values<float>(file("b.npy"), 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::abs(a[i] - b[i]) < 1e-6F);
}

TEST_CASE("unusable arrays and options end with one line and exit code 2") {
  const Example example(4, 10, 3, 2);
  const auto refused = [&](const std::string& arguments, const std::string& what) {
    const Outcome outcome = run(arguments + " -o " + example.folder.file("out.npy"));
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find(what) != std::string::npos);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  };
  const auto file = [&](const char* name) { return example.folder.file(name); };
  const std::string keys = " --k " + file("k.npy") + " --v " + file("v.npy");
  write_npy(file("empty.npy"), std::vector<float>(), "0, 3");
  refused("attention --q " + file("empty.npy") + keys, "no query");
  write_npy(file("nan.npy"), std::vector<float>{1, std::nanf(""), 2}, "1, 3");
  refused("attention --q " + file("nan.npy") + keys, "nan.npy");
  write_npy(file("flat.npy"), std::vector<float>{1, 2, 3}, "3,");
  refused("attention --q " + file("flat.npy") + keys, "accepted: (rows, columns)");
  write_npy(file("wide.npy"), std::vector<float>{1, 2, 3, 4}, "1, 4");
  refused("attention --q " + file("wide.npy") + keys, "does not fit");
  write_npy(file("huge.npy"), std::vector<float>{3e38F, 3e38F, 3e38F}, "1, 3");
  refused("attention --q " + file("huge.npy") + keys, "overflow");
  refused(example.arguments() + " --scale 0", "--scale");
  refused(example.arguments() + " --accuracy -1", "--accuracy");
  refused(example.arguments() + " --method fast", "--method");
  refused(example.arguments() + " --prompt-k " + file("k.npy"), "--prompt-v");
  refused("attention --q " + file("q.npy") + keys + " --causal --k " + file("k.npy"), "--k");
}

TEST_CASE("values that are all 0 are attended to exactly whatever is asked") {
  const Example example(20, 30, 4, 3);
  write_npy(example.folder.file("v.npy"), std::vector<float>(90, -0.0F), "30, 3");
  for (const char* options : {"", " --method exact", " --method polynomial", " --method cholesky"}) {
    CAPTURE(options);
    const Outcome outcome =
        run(example.arguments() + options + " --accuracy 1e-3 --scale 1/3 --format json -o " +
            example.folder.file("out.npy"));
    CHECK(outcome.exit_code == 0);
    const auto report = nlohmann::json::parse(outcome.out);
    CHECK(report["verdict"] == "certified");
    CHECK(report["error_bound"] == "0");
    for (const float output : read_npy_values<float>(example.folder.file("out.npy"), 60)) CHECK(output == 0);
  }
}

TEST_CASE("a refusal names the accuracy that was reached only where one was") {
  const Example example(20, 30, 4, 3);
  const Outcome without = run(example.arguments() + " --method polynomial --format json");
  CHECK(without.exit_code == 1);
  CHECK(nlohmann::json::parse(without.out)["reachable_accuracy"].is_null());
  CHECK(run(example.arguments() + " --method polynomial").out ==
        "refused: the polynomial method needs an accuracy\n");
  const Outcome beyond = run(example.arguments() + " --accuracy 1e-17 --format json");
  CHECK(beyond.exit_code == 1);
  CHECK(number(nlohmann::json::parse(beyond.out)["reachable_accuracy"]) > 1e-17);
  CHECK(run(example.arguments() + " --accuracy 1e-17 > /dev/full").exit_code == 4);
}

TEST_CASE("attention: without a finite bound on the errors nothing is certified") {
  const TemporaryFolder folder;
  const std::vector<double> keys = {-2, 1, 3, -1}, huge = {1e300, 2e300, 3e300, 4e300};
  for (const char* const name : {"q", "k"}) write_npy(folder.file(std::string(name) + ".npy"), keys, "2, 2");
  write_npy(folder.file("v.npy"), huge, "2, 2");
  const std::string command = "attention --q " + folder.file("q.npy") + " --k " + folder.file("k.npy") +
                              " --v " + folder.file("v.npy");
  const Outcome text = run(command);
  CHECK(text.exit_code == 3);
  CHECK(text.out.find("unknown") != std::string::npos);
  CHECK(text.out.find("unbounded") != std::string::npos);
  CHECK(text.out.find("certified") == std::string::npos);
  const Outcome json = run(command + " --format json");
  CHECK(json.exit_code == 3);
  const auto answer = nlohmann::json::parse(json.out);
  CHECK(answer["verdict"] == "unknown");
  CHECK(answer["error_bound"].is_null());
}
