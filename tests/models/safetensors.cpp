#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include <promptbound/models/safetensors.hpp>
#include <promptbound/numeric/error.hpp>

#include "files.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

/// A file with this header and so many bytes of data, all zero.
std::string file_of(const std::string& header, std::size_t data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header +
         std::string(data, '\0');
}

std::string refusal_of_safetensors(const std::string& text) {
  return refusal_of([&] { (void)parse_safetensors(bytes_of(text), "x"); });
}

std::string refusal_of_safetensors(const std::string& header, std::size_t data) {
  return refusal_of_safetensors(file_of(header, data));
}

template <class Bits>
std::string raw(std::initializer_list<Bits> numbers) {
  std::string text;
  for (const Bits number : numbers) text.append(reinterpret_cast<const char*>(&number), sizeof number);
  return text;
}

std::vector<double> read_all(const std::string& header, const std::string& data) {
  const std::string text = file_of(header, 0) + data;
  const TensorFile file = parse_safetensors(bytes_of(text), "x");
  return values<double>(file.only());
}

}  // namespace

TEST_CASE("every floating-point type gives the exact numbers of the file") {
  CHECK(read_all(R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})", raw({0.1, -0x1p-1074})) ==
        std::vector<double>{0.1, -0x1p-1074});
  CHECK(read_all(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", raw({0.1F, -0x1p-149F})) ==
        std::vector<double>{0.1F, -0x1p-149});
  // binary16: 1, -2, the largest 65504, the least normal 2^-14, the least subnormal 2^-24, one third's
  // neighbour.
  CHECK(read_all(R"({"a":{"dtype":"F16","shape":[6],"data_offsets":[0,12]}})",
                 raw<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x3555})) ==
        std::vector<double>{1, -2, 65504, 0x1p-14, 0x1p-24, 1365.0 / 4096});
  // bfloat16: 1, -2, 2^-133 (the least subnormal), 1 + 2^-7.
  CHECK(read_all(R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})",
                 raw<std::uint16_t>({0x3f80, 0xc000, 0x0001, 0x3f81})) ==
        std::vector<double>{1, -2, 0x1p-133, 1 + 0x1p-7});
}

TEST_CASE("NaN - infinities and other types are refused where weights are read") {
  const auto refused = [](const char* type, const std::string& data) {
    return refusal_of([&] {
      (void)read_all(std::string(R"({"a":{"dtype":")") + type + R"(","shape":[)" + "1" +
                         R"(],"data_offsets":[0,)" + std::to_string(data.size()) + "]}}",
                     data);
    });
  };
  CHECK(refused("F32", raw({std::numeric_limits<float>::quiet_NaN()})) == "x: a: element 0 is NaN");
  CHECK(refused("F64", raw({-std::numeric_limits<double>::infinity()})) == "x: a: element 0 is infinite");
  CHECK(refused("F16", raw<std::uint16_t>({0x7c00})) == "x: a: element 0 is infinite");
  CHECK(refused("F16", raw<std::uint16_t>({0xfe00})) == "x: a: element 0 is NaN");
  CHECK(refused("BF16", raw<std::uint16_t>({0x7fc0})) == "x: a: element 0 is NaN");
  CHECK(refused("I64", raw<std::uint64_t>({7})) == "x: a: element type I64 (accepted: F64, F32, F16, BF16)");
  // Types without a name here may be in a file, whatever their size, and are refused where they are read.
  for (const char* type : {"F8_E8M0", "F4", "F6_E2M3", "C64", "anything"}) {
    CHECK(refused(type, raw<std::uint16_t>({7})) ==
          std::string("x: a: element type ") + type + " (accepted: F64, F32, F16, BF16)");
  }
  CHECK(contains(refusal_of_safetensors(R"({"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}})", 8),
                 "\"dtype\" is not"));
  const std::vector<double> numbers = {1, 2};
  CHECK(contains(refusal_of([&] { (void)values<float>(view(numbers, {2})); }), "single precision"));
}

TEST_CASE("what is written is read back with its metadata") {
  const std::vector<double> a = {1, 0.1, -3, 4, 5, 6};
  const std::vector<float> b = {0.5F, 7};
  const std::string text =
      safetensors_text({{"a", view(a, {2, 3})}, {"b.c", view(b, {2})}, {"empty", view(a, {6, 1})}},
                       {{"made by", "a test"}, {"quote", "\"\n"}});
  CHECK((text.size() - 8UL * 12 - 8) % 8 == 0);  // the data are aligned
  const TensorFile file = parse_safetensors(bytes_of(text), "x");
  CHECK(file.tensors().size() == 3);
  CHECK(file.at("a").shape == std::vector<std::size_t>{2, 3});
  CHECK(values<double>(file.at("a")) == a);
  CHECK(values<float>(file.at("b.c")) == b);
  CHECK(file.metadata.at("quote") == "\"\n");
  CHECK(file.find("c") == nullptr);
  CHECK(refusal_of([&] { (void)file.at("c"); }) == "x: no tensor 'c'");
  CHECK(contains(refusal_of([&] { (void)file.only(); }), "3 are there: a, b.c, empty"));
}

TEST_CASE("tensors without elements and scalars are tensors") {
  const std::string text = file_of(R"({"none":{"dtype":"F32","shape":[0,5],"data_offsets":[4,4]},)"
                                   R"("one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})",
                                   4);
  const TensorFile file = parse_safetensors(bytes_of(text), "x");
  CHECK(values<double>(file.at("none")).empty());
  CHECK(values<double>(file.at("one")) == std::vector<double>{0});
}

TEST_CASE("hostile headers are refused") {
  const std::string good = file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  CHECK(refusal_of_safetensors(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE_MESSAGE(refusal_of_safetensors(good.substr(0, size)).empty(), size);
  }
  for (const std::uint64_t length : {std::uint64_t{1} << 60, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    std::string text = good;
    std::memcpy(text.data(), &length, sizeof length);
    CHECK(contains(refusal_of_safetensors(text),
                   "not a safetensors file: a header of " + std::to_string(length)));
  }
  CHECK(contains(refusal_of_safetensors("[]", 0), "not a JSON object"));
  CHECK(contains(refusal_of_safetensors("", 0), "not JSON"));
  CHECK(contains(refusal_of_safetensors("{\"a\":", 0), "not JSON"));
  CHECK(contains(refusal_of_safetensors("{\"\xff\":1}", 0), "not JSON"));
  CHECK(contains(refusal_of_safetensors(std::string(1000000, '['), 0), "nested deeper than 64"));
  CHECK(
      contains(refusal_of_safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}, "a":{}})", 8),
               "x: header: the member \"a\" occurs twice"));
  CHECK(contains(
      refusal_of_safetensors(R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8),
      "x: header: a: the member \"dtype\" occurs twice"));
  CHECK(contains(refusal_of_safetensors(R"({"a":7})", 8), "x: a: an object"));
  CHECK(contains(refusal_of_safetensors(R"({"__metadata__":"x"})", 0), "__metadata__"));
  CHECK(contains(refusal_of_safetensors(R"({"__metadata__":{"x":1}})", 0), "__metadata__"));
  CHECK(contains(refusal_of_safetensors(R"({"__metadata__":{"x":1.5}})", 0), "1.5 is no whole number"));
  CHECK(contains(refusal_of_safetensors(R"({"__metadata__":null})", 0), "__metadata__"));
}

TEST_CASE("hostile offsets and shapes are refused") {
  const auto entry = [](const char* shape, const char* offsets) {
    return R"({"a":{"dtype":"F32","shape":)" + std::string(shape) + R"(,"data_offsets":)" + offsets + "}}";
  };
  CHECK(refusal_of_safetensors(entry("[2]", "[0,8]"), 8).empty());
  CHECK(contains(refusal_of_safetensors(entry("[3]", "[0,12]"), 8),
                 "ends at byte 12 of the data, which has 8 bytes"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[0,18446744073709551615]"), 8),
                 "ends at byte 18446744073709551615"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[0,18446744073709551616]"), 8),
                 "18446744073709551616 is no whole number"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[8,0]"), 8), "begin <= end"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[0]"), 8), "begin <= end"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[-8,0]"), 8), "whole numbers"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[0,8.0]"), 8), "8.0 is no whole number"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "null"), 8), "whole numbers"));
  CHECK(contains(refusal_of_safetensors(entry("[1]", "[0,8]"), 8), "needs 4"));
  CHECK(
      contains(refusal_of_safetensors(entry("[4294967296,4294967296]", "[0,8]"), 8), "larger than any file"));
  CHECK(contains(refusal_of_safetensors(entry("[4611686018427387906]", "[0,8]"), 8), "larger than any file"));
  CHECK(contains(refusal_of_safetensors(entry("[2]", "[0,8]"), 9), "1 bytes belong to no tensor"));
  CHECK(contains(refusal_of_safetensors(R"({"a":{"dtype":"F32","shape":[2]}})", 8),
                 "\"data_offsets\" is missing"));
  CHECK(contains(refusal_of_safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"b":1}})", 8),
                 "unknown key"));
  const auto pair = [](const char* second) {
    return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":)" +
           std::string(second) + "}}";
  };
  CHECK(refusal_of_safetensors(pair("[8,16]"), 16).empty());
  CHECK(contains(refusal_of_safetensors(pair("[4,12]"), 12), "overlaps"));
  CHECK(contains(refusal_of_safetensors(pair("[0,8]"), 8), "overlaps"));
  CHECK(contains(refusal_of_safetensors(pair("[12,20]"), 20), "gap"));
}

TEST_CASE("files are mapped - what is no file is refused") {
  const TemporaryFolder folder;
  const std::vector<double> a = {1, 2};
  const std::string path = folder.write("a.safetensors", safetensors_text({{"a", view(a, {2})}}));
  CHECK(values<double>(read_safetensors(path).at("a")) == a);
  CHECK(contains(refusal_of([&] { (void)read_safetensors(folder.path()); }), "a file is needed"));
  CHECK(contains(refusal_of([&] { (void)read_safetensors(folder.path() + "/none"); }), "cannot be read"));
  CHECK(contains(refusal_of([&] { (void)read_safetensors("/dev/zero"); }), "a file is needed"));
  CHECK(contains(refusal_of([&] { (void)read_safetensors(folder.write("empty", "")); }), "too short"));
}

TEST_CASE("shards are one model and their index is judged by the tensors that are read") {
  const TemporaryFolder folder;
  const std::vector<double> a = {1, 2}, b = {3};
  folder.write("one.safetensors", safetensors_text({{"a", view(a, {2})}}));
  folder.write("two.safetensors", safetensors_text({{"b", view(b, {1})}}));
  const auto refused = [&](const std::string& weight_map) {
    const std::string path =
        folder.write("i.json", R"({"metadata":{"total_size":24},"weight_map":)" + weight_map + "}");
    return refusal_of([&] {
      const TensorFile file = read_safetensors_index(path);
      const std::vector<double> read_a = values<double>(file.at("a")), read_b = values<double>(file.at("b"));
      CHECK(read_a == a);
      CHECK(read_b == b);
    });
  };
  CHECK(refused(R"({"a":"one.safetensors","b":"two.safetensors"})").empty());
  CHECK(contains(refused(R"({"a":"one.safetensors","b":"one.safetensors"})"),
                 "one.safetensors: no tensor 'b', which the index puts there"));
  CHECK(contains(refused(R"({"b":"two.safetensors"})"), "no tensor 'a'"));
  CHECK(contains(refused(R"({"a":"one.safetensors","a":"one.safetensors"})"), "occurs twice"));
  CHECK(contains(refused(R"({"a":"../one.safetensors"})"), "beside the index"));
  CHECK(contains(refused(R"({"a":7})"), "beside the index"));
  CHECK(contains(refused(R"({"a":"three.safetensors"})"), "three.safetensors: cannot be read"));
  CHECK(contains(refused(R"([])"), "not an object"));
  // What is promised and not there matters where it is asked for, a missing file too.
  CHECK(refused(R"({"a":"one.safetensors","b":"two.safetensors","c":"one.safetensors",
                    "d":"three.safetensors"})")
            .empty());
  // The index decides between copies, and what it does not name is no part of the model.
  folder.write("two.safetensors", safetensors_text({{"a", view(b, {1})}, {"b", view(b, {1})}}));
  CHECK(refused(R"({"a":"one.safetensors","b":"two.safetensors"})").empty());
  CHECK(contains(refused(R"({"b":"two.safetensors"})"), "two.safetensors: a: the index does not name it"));
}
