#include <doctest/doctest.h>

#include <bit>
#include <cstdint>

#include <promptbound/models/npy.hpp>

#include "files.hpp"
#include "text.hpp"

using namespace promptbound;

namespace {

std::string npy(int version, const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         little_endian(header.size(), version == 1 ? 2 : 4) + header + data;
}

std::string refusal_of_npy(const std::string& text) {
  return refusal_of([&] { (void)parse_npy(bytes_of(text), "x"); });
}
std::string header_refusal(const std::string& header) {
  return refusal_of_npy(npy(1, header, std::string(8, '\0')));
}

}  // namespace

TEST_CASE("what is written is read back") {
  const std::vector<double> a = {1, 0.1, -3, 4, 5, 6};
  const std::vector<float> b = {0.5F, 7};
  const std::string text = npy_text(view(a, {3, 2}));
  CHECK((text.size() - 48) % 64 == 0);
  CHECK(contains(text, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }"));
  const Tensor read = parse_npy(bytes_of(text), "x");
  CHECK(read.shape == std::vector<std::size_t>{3, 2});
  CHECK(values<double>(read) == a);
  const std::string vector_text = npy_text(view(b, {2}));
  CHECK(contains(vector_text, "'shape': (2, ), }"));
  CHECK(values<float>(parse_npy(bytes_of(vector_text), "x")) == b);
  const std::string scalar_text = npy_text(view(std::span(a).first(1), {}));
  CHECK(parse_npy(bytes_of(scalar_text), "x").shape.empty());
}

TEST_CASE("all three versions and headers in any order - are read") {
  const std::string data = little_endian(std::bit_cast<std::uint64_t>(2.5), 8);
  for (const int version : {1, 2, 3}) {
    const std::string text = npy(version, "{'shape':(1,1),\"descr\":'<f8','fortran_order': False}  \n", data);
    CHECK(values<double>(parse_npy(bytes_of(text), "x")) == std::vector<double>{2.5});
  }
}

TEST_CASE("hostile .npy files are refused") {
  const std::string good =
      npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", std::string(8, '\0'));
  CHECK(refusal_of_npy(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE_MESSAGE(refusal_of_npy(good.substr(0, size)).empty(), size);
  }
  CHECK(contains(refusal_of_npy(good + "x"), "has 9 bytes of data"));
  CHECK(contains(refusal_of_npy(npy(4, "{}", "")), ".npy version 4"));
  CHECK(contains(refusal_of_npy(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)), "cut off"));
  CHECK(
      contains(header_refusal("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }"), "Fortran order"));
  CHECK(contains(header_refusal("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }"), "type '>f4'"));
  CHECK(contains(header_refusal("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"), "type '|O'"));
  CHECK(contains(header_refusal("{'descr': '<f4', 'fortran_order': False}"), "missing"));
  CHECK(contains(header_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}"), "whole number"));
  CHECK(contains(header_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (2"), "missing"));
  CHECK(contains(header_refusal("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}"), "neither"));
  CHECK(contains(header_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x"), "text after"));
  CHECK(contains(header_refusal("{'evil': 1}"), "a key other than"));
  CHECK(contains(header_refusal("{'descr"), "quoted name"));
  CHECK(contains(header_refusal(""), "missing"));
  CHECK(
      contains(header_refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"),
               "larger than any file"));
}

TEST_CASE("a file of arrays is read by the end of its name") {
  const std::vector<float> b = {0.5F, 7};
  const TemporaryFolder folder;
  CHECK(contains(refusal_of([] { (void)read_tensors("a.txt"); }), "arrays are read from"));
  const TensorFile single = read_tensors(folder.write("b.npy", npy_text(view(b, {2}))));
  CHECK(values<float>(single.only()) == b);
}
