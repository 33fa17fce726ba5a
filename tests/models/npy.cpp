#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>

#include <promptbound/models/npy.hpp>

#include "files.hpp"

using namespace promptbound;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

template <class Number>
std::string little_endian(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}
std::string u16(std::uint16_t number) { return little_endian(number); }
std::string u32(std::uint32_t number) { return little_endian(number); }

std::string npy(int version, const std::string& header, const std::string& data) {
  const auto length = static_cast<std::uint32_t>(header.size());
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         (version == 1 ? u16(static_cast<std::uint16_t>(length)) : u32(length)) + header + data;
}

std::string refusal(const std::string& text) {
  return refusal_of([&] { (void)parse_npy(bytes_of(text), "x"); });
}
std::string header_refusal(const std::string& header) {
  return refusal(npy(1, header, std::string(8, '\0')));
}

std::string deflate_raw(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string result(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

struct Member {
  std::string name, content;
  bool deflated = false;
};

std::string zip(const std::vector<Member>& members) {
  std::string text, directory;
  for (const Member& member : members) {
    const std::string packed = member.deflated ? deflate_raw(member.content) : member.content;
    const auto checksum = static_cast<std::uint32_t>(crc32(
        0, reinterpret_cast<const Bytef*>(member.content.data()), static_cast<uInt>(member.content.size())));
    const std::string common = u16(20) + u16(0) + u16(member.deflated ? 8 : 0) + u32(0) + u32(checksum) +
                               u32(static_cast<std::uint32_t>(packed.size())) +
                               u32(static_cast<std::uint32_t>(member.content.size())) +
                               u16(static_cast<std::uint16_t>(member.name.size())) + u16(0);
    directory += "PK\x01\x02" + u16(20) + common + u16(0) + u32(0) + u32(0) +
                 u32(static_cast<std::uint32_t>(text.size())) + member.name;
    text += "PK\x03\x04" + common + member.name + packed;
  }
  const auto count = static_cast<std::uint16_t>(members.size());
  return text + directory + "PK\x05\x06" + u32(0) + u16(count) + u16(count) +
         u32(static_cast<std::uint32_t>(directory.size())) + u32(static_cast<std::uint32_t>(text.size())) +
         u16(0);
}

std::string npz_refusal(const std::string& text) {
  return refusal_of([&] { (void)parse_npz(bytes_of(text), "x"); });
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
  const std::string data = little_endian(2.5);
  for (const int version : {1, 2, 3}) {
    const std::string text = npy(version, "{'shape':(1,1),\"descr\":'<f8','fortran_order': False}  \n", data);
    CHECK(values<double>(parse_npy(bytes_of(text), "x")) == std::vector<double>{2.5});
  }
}

TEST_CASE("hostile .npy files are refused") {
  const std::string good =
      npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", std::string(8, '\0'));
  CHECK(refusal(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE_MESSAGE(refusal(good.substr(0, size)).empty(), size);
  }
  CHECK(contains(refusal(good + "x"), "has 9 bytes of data"));
  CHECK(contains(refusal(npy(4, "{}", "")), ".npy version 4"));
  CHECK(contains(refusal(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12)), "cut off"));
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

TEST_CASE("archives give their arrays - stored and deflated") {
  std::vector<double> a(1000, 0.25);
  const std::vector<float> b = {0.5F, 7};
  const std::string text =
      zip({{"a.npy", npy_text(view(a, {10, 100})), true}, {"b.npy", npy_text(view(b, {2}))}});
  CHECK(text.size() < 2000);
  const TestFolder folder;
  const TensorFile file = read_tensors(folder.write("x.npz", text));
  CHECK(values<double>(file.at("a")) == a);
  CHECK(values<float>(file.at("b")) == b);
  CHECK(file.tensors().size() == 2);
  CHECK(contains(refusal_of([] { (void)read_tensors("a.txt"); }), "arrays are read from"));
  const TensorFile single = read_tensors(folder.write("b.npy", npy_text(view(b, {2}))));
  CHECK(values<float>(single.only()) == b);
}

TEST_CASE("hostile archives are refused") {
  const std::string array = npy_text(view(std::vector<double>(64, 1.0), {64}));
  const std::string good = zip({{"a.npy", array, true}, {"b.npy", array}});
  CHECK(npz_refusal(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE_MESSAGE(npz_refusal(good.substr(0, size)).empty(), size);
  }
  // Any change of a compressed byte, a length, a checksum or an offset is noticed or does not change the
  // arrays.
  const TensorFile original = parse_npz(bytes_of(good), "x");
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string text = good;
    text[place] = static_cast<char>(text[place] ^ 0x41);
    CAPTURE(place);
    try {
      const TensorFile file = parse_npz(bytes_of(text), "x");
      for (const auto& [name, tensor] : file.tensors()) {
        const auto read = values<double>(tensor);
        const bool is_unchanged = read == values<double>(original.at("a"));
        CHECK(is_unchanged);
      }
    } catch (const InputError&) {
    }
  }
  CHECK(contains(npz_refusal(zip({{"a.npy", array}, {"a.npy", array}})), "two tensors are named 'a'"));
  CHECK(contains(npz_refusal(zip({{"a.npy", "no array"}})), "x: a: not a .npy file"));
  CHECK(contains(npz_refusal("PK"), "not a .npz file"));
  // A bomb: one byte that claims to be 4 GB.
  std::string bomb = zip({{"a.npy", array, true}});
  const std::size_t directory = bomb.rfind("PK\x01\x02");
  bomb.replace(directory + 24, 4, u32(0xfffffff0));
  CHECK(contains(npz_refusal(bomb), "beyond what deflate can"));
}
