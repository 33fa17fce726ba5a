// Files of tokens, drawn sequences, and prompts rounded to fewer bits.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <set>

#include <promptbound/verify/recall/prompt_format.hpp>
#include <promptbound/verify/recall/recall_tokens.hpp>

#include "models/files.hpp"

using namespace promptbound;

namespace {

std::string npy_of(const std::string& shape, const std::vector<std::int64_t>& values,
                   const std::string& type = "<i8") {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 255);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  text.append(reinterpret_cast<const char*>(values.data()), values.size() * 8);
  return text;
}

double one_as(PromptFormat format, double x) {
  Matrix<double> M(1, 1);
  M(0, 0) = x;
  return rounded_to(format, M)(0, 0);
}

}  // namespace

TEST_CASE("token files are read in both forms") {
  const TemporaryFolder folder;
  const auto json = read_token_sequences(
      folder.write("a.json", R"({"schema":1,"sequences":[{"start":[7],"tokens":[1,2]},{"tokens":[3]}]})"),
      {9, 8});
  REQUIRE(json.size() == 2);
  CHECK(json[0].start == std::vector<std::size_t>{7});
  CHECK(json[0].tokens == std::vector<std::size_t>{1, 2});
  CHECK(json[1].start == std::vector<std::size_t>{9, 8});
  const auto npy = read_token_sequences(folder.write("b.npy", npy_of("(2, 3)", {1, 2, 3, 4, 5, 6})), {9});
  REQUIRE(npy.size() == 2);
  CHECK(npy[1].tokens == std::vector<std::size_t>{4, 5, 6});
  CHECK(npy[1].start == std::vector<std::size_t>{9});
}

TEST_CASE("token files that say something else are refused") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& name, const std::string& text) {
    const std::string path = folder.write(name, text);
    return refusal_of([&] { (void)read_token_sequences(path); });
  };
  CHECK(refusal("1.json", R"({"schema":2,"sequences":[{"tokens":[1]}]})").find("schema: 1 is needed") !=
        std::string::npos);
  CHECK(refusal("2.json", R"({"schema":1,"sequences":[{"tokens":[-1]}]})").find("tokens[0]: -1") !=
        std::string::npos);
  CHECK(refusal("3.json", R"({"schema":1,"sequences":[{"tokens":[]}]})").find("one or more") !=
        std::string::npos);
  CHECK(refusal("4.json", R"({"schema":1,"sequences":[]})").find("one or more sequences") !=
        std::string::npos);
  CHECK(refusal("5.json", R"({"schema":1,"sequences":[{"tokens":[1],"text":"a"}]})")
            .find("no member \"text\"") != std::string::npos);
  CHECK(refusal("6.json", R"({"schema":1,"sequences":[{"tokens":[1.5]}]})").find("tokens[0]") !=
        std::string::npos);
  CHECK(refusal("1.npy", npy_of("(3,)", {1, 2, 3})).find("(accepted: (sequences, tokens) of I64)") !=
        std::string::npos);
  CHECK(refusal("2.npy", npy_of("(1, 1)", {0}, "<f8")).find("accepted: (sequences, tokens) of I64") !=
        std::string::npos);
  CHECK(refusal("3.npy", npy_of("(1, 2)", {1, -1})).find("row 0: -1") != std::string::npos);
  CHECK(refusal("4.npy", npy_of("(0, 2)", {})).find("one row or more") != std::string::npos);
  CHECK(refusal("5.npy", npy_of("(1, 0)", {})).find("one or more") != std::string::npos);
}

TEST_CASE("drawn sequences are those of SplitMix64, and near uniform") {
  // The first numbers of SplitMix64 from 1234567, as its author's program prints them.
  const std::vector<std::uint64_t> published = {6457827717110365317U, 3203168211198807973U,
                                                9817491932198370423U};
  const auto drawn = drawn_sequences(1234567, 1, 3, 1000);
  for (std::size_t k = 0; k < 3; ++k) CHECK(drawn[0].tokens[k] == published[k] % 1000);
  const auto many = drawn_sequences(5, 200, 50, 7, {3});
  std::vector<int> counts(7, 0);
  std::set<std::vector<std::size_t>> different;
  for (const TokenSequence& sequence : many) {
    CHECK(sequence.start == std::vector<std::size_t>{3});
    CHECK(sequence.tokens.size() == 50);
    different.insert(sequence.tokens);
    for (const std::size_t token : sequence.tokens) ++counts.at(token);
  }
  CHECK(different.size() == 200);
  // 10000 draws: six standard deviations are 210.
  for (const int count : counts) CHECK(std::abs(count - 10000 / 7) < 210);
  CHECK(drawn_sequences(5, 1, 4, 1)[0].tokens == std::vector<std::size_t>(4, 0));
}

TEST_CASE("prompts are rounded to nearest, ties to even") {
  // binary16: 11 digits, subnormal numbers down to 2^-24.
  CHECK(one_as(PromptFormat::f16, 1 + 0x1p-11) == 1);
  CHECK(one_as(PromptFormat::f16, 1 + 3 * 0x1p-11) == 1 + 0x1p-9);
  CHECK(one_as(PromptFormat::f16, 1 + 0x1p-11 + 0x1p-40) == 1 + 0x1p-10);
  CHECK(one_as(PromptFormat::f16, 0x1p-25) == 0);
  CHECK(one_as(PromptFormat::f16, 0x1.8p-24) == 0x1p-23);
  CHECK(one_as(PromptFormat::f16, -65519) == -65504);
  CHECK(refusal_of([] { (void)one_as(PromptFormat::f16, 65520); }).find("beyond the largest number of f16") !=
        std::string::npos);
  // bfloat16: 8 digits.
  CHECK(one_as(PromptFormat::bf16, 1 + 0x1p-8) == 1);
  CHECK(one_as(PromptFormat::bf16, 1 + 3 * 0x1p-8) == 1 + 0x1p-6);
  // E4M3: 4 digits, from 2^-9 to 448, where it saturates.
  CHECK(one_as(PromptFormat::f8e4m3, 17) == 16);
  CHECK(one_as(PromptFormat::f8e4m3, 19) == 20);
  CHECK(one_as(PromptFormat::f8e4m3, 460) == 448);
  CHECK(one_as(PromptFormat::f8e4m3, -1e9) == -448);
  CHECK(one_as(PromptFormat::f8e4m3, 0x1p-10) == 0);
  CHECK(one_as(PromptFormat::f8e4m3, 0x1.8p-9) == 0x1p-8);
  // One scale for the whole prompt.
  Matrix<double> M(2, 2);
  M << 127, -63.5, 0.5, 1.5;
  Matrix<double> wanted(2, 2);
  wanted << 127, -64, 0, 2;
  CHECK(rounded_to(PromptFormat::int8, M) == wanted);
  CHECK(rounded_to(PromptFormat::int8, Matrix<double>::Zero(2, 2)) == Matrix<double>::Zero(2, 2));
}

TEST_CASE("rounding twice changes nothing, and rounds to the nearest number of the format") {
  std::uint64_t state = 1;
  for (int k = 0; k < 2000; ++k) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const double x =
        std::ldexp(static_cast<double>(state >> 11) * 0x1p-53 - 0.5, static_cast<int>(state % 13) - 6);
    for (const auto& [format, digits] :
         {std::pair{PromptFormat::f16, 11}, {PromptFormat::bf16, 8}, {PromptFormat::f8e4m3, 4}}) {
      const double rounded = one_as(format, x);
      CHECK(one_as(format, rounded) == rounded);
      CHECK(std::fabs(rounded - x) <= std::max(std::fabs(x) * std::ldexp(1.0, -digits), 0x1p-10));
    }
  }
}
