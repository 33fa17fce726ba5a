// Archives of arrays: as numpy and other writers lay them out, and as nobody honest does.
#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>
#include <optional>

#include <promptbound/models/npy.hpp>

#include "files.hpp"

using namespace promptbound;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string u16(std::uint64_t number) { return {reinterpret_cast<const char*>(&number), 2}; }
std::string u32(std::uint64_t number) { return {reinterpret_cast<const char*>(&number), 4}; }
std::string u64(std::uint64_t number) { return {reinterpret_cast<const char*>(&number), 8}; }

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

/// A member, and what its headers say of it where that is not true.
struct Member {
  std::string name, content;
  bool deflated = false;
  bool wide = false;  ///< the local header states its sizes in 64 bits, as numpy's does
  std::optional<std::size_t> size = {};
  std::optional<std::uint64_t> checksum = {};
  std::optional<std::uint64_t> method = {};
  std::uint64_t flags = 0;
};

std::string packed(const Member& member) {
  return member.deflated ? deflate_raw(member.content) : member.content;
}

/// Flags, method, time, checksum: what both headers begin with.
std::string common_start(const Member& member) {
  const auto* bytes = reinterpret_cast<const Bytef*>(member.content.data());
  const auto checksum = crc32(0, bytes, static_cast<uInt>(member.content.size()));
  return u16(member.wide ? 45 : 20) + u16(member.flags) +
         u16(member.method.value_or(member.deflated ? 8 : 0)) + u32(0) +
         u32(member.checksum.value_or(checksum));
}

/// The local header and the data.
std::string record(const Member& member) {
  const std::string data = packed(member);
  const std::size_t size = member.size.value_or(member.content.size());
  const std::string extra = member.wide ? u16(1) + u16(16) + u64(size) + u64(data.size()) : "";
  const std::string sizes = member.wide ? u32(0xffffffff) + u32(0xffffffff) : u32(data.size()) + u32(size);
  return "PK\x03\x04" + common_start(member) + sizes + u16(member.name.size()) + u16(extra.size()) +
         member.name + extra + data;
}

std::string directory_entry(const Member& member, std::size_t offset) {
  return "PK\x01\x02" + u16(20) + common_start(member) + u32(packed(member).size()) +
         u32(member.size.value_or(member.content.size())) + u16(member.name.size()) + u16(0) + u16(0) +
         u32(0) + u32(0) + u32(offset) + member.name;
}

std::string archive(const std::string& records, const std::string& directory, std::size_t count) {
  return records + directory + "PK\x05\x06" + u32(0) + u16(count) + u16(count) + u32(directory.size()) +
         u32(records.size()) + u16(0);
}

std::string zip(const std::vector<Member>& members) {
  std::string records, directory;
  for (const Member& member : members) {
    directory += directory_entry(member, records.size());
    records += record(member);
  }
  return archive(records, directory, members.size());
}

std::string refusal(const std::string& text) {
  return refusal_of([&] { (void)parse_npz(bytes_of(text), "x"); });
}

const std::string array = npy_text(view(std::vector<double>(64, 1.0), {64}));

}  // namespace

TEST_CASE("archives give their arrays - stored and deflated") {
  std::vector<double> a(1000, 0.25);
  const std::vector<float> b = {0.5F, 7};
  const std::string text =
      zip({{"a.npy", npy_text(view(a, {10, 100})), true}, {"dir/b.npy", npy_text(view(b, {2}))}});
  CHECK(text.size() < 2000);
  const TemporaryFolder folder;
  const TensorFile file = read_tensors(folder.write("x.npz", text));
  CHECK(values<double>(file.at("a")) == a);
  CHECK(values<float>(file.at("dir/b")) == b);
  CHECK(file.tensors().size() == 2);
}

TEST_CASE("local headers of 64 bits are read as numpy writes them") {
  Member stored{"a.npy", array}, deflated{"b.npy", array, true};
  stored.wide = deflated.wide = true;
  const std::string text = zip({stored, deflated});
  const TensorFile file = parse_npz(bytes_of(text), "x");
  CHECK(values<double>(file.at("a")) == std::vector<double>(64, 1.0));
  CHECK(values<double>(file.at("b")) == std::vector<double>(64, 1.0));
}

TEST_CASE("archives that are cut off are refused") {
  const std::string good = zip({{"a.npy", array, true}, {"b.npy", array}});
  CHECK(refusal(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE_MESSAGE(refusal(good.substr(0, size)).empty(), size);
  }
}

TEST_CASE("any change of a byte of an archive is noticed or does not change the arrays") {
  const std::string good = zip({{"a.npy", array, true}, {"b.npy", array}});
  for (std::size_t place = 0; place < good.size(); ++place) {
    std::string text = good;
    text[place] = static_cast<char>(text[place] ^ 0x41);
    CAPTURE(place);
    try {
      const TensorFile file = parse_npz(bytes_of(text), "x");
      for (const auto& [name, tensor] : file.tensors()) {
        const bool is_unchanged = values<double>(tensor) == std::vector<double>(64, 1.0);
        CHECK(is_unchanged);
      }
    } catch (const InputError&) {
    }
  }
}

TEST_CASE("hostile archives are refused") {
  const auto with = [](auto change) {
    Member member{"a.npy", array, true};
    change(member);
    return refusal(zip({member}));
  };
  CHECK(with([](Member&) {}).empty());
  CHECK(contains(refusal(zip({{"a.npy", array}, {"a.npy", array}})), "two arrays of one name"));
  CHECK(contains(refusal(zip({{"a", array}, {"a.npy", array}})), "two tensors are named 'a'"));
  CHECK(contains(refusal(zip({{"a.npy", "no array"}})), "x: a: not a .npy file"));
  CHECK(contains(refusal(zip({{"a\n\x1b[1m.npy", "no array"}})), "x: a??[1m: not a .npy file"));
  CHECK(contains(refusal("PK"), "not a .npz file"));
  CHECK(contains(refusal(zip({})), "no array is in it"));
  CHECK(contains(with([](Member& m) { m.checksum = 1; }), "x: a.npy: CRC error"));
  CHECK(contains(with([](Member& m) { m.flags = 1; }), "x: a.npy: encrypted"));
  CHECK(contains(with([](Member& m) { m.method = 12; }), "x: a.npy: encrypted or compressed in another way"));
  CHECK_FALSE(with([](Member& m) { m.size = array.size() - 1; }).empty());
  CHECK_FALSE(with([](Member& m) { m.size = array.size() + 1; }).empty());
  // Bombs: few bytes that claim to be 4 GB.
  const auto claims_much = [](Member& m) { m.size = 0xfffffff0; };
  CHECK(contains(with(claims_much), "beyond what deflate can"));
  CHECK(contains(with([&](Member& m) {
                   m.deflated = false;
                   claims_much(m);
                 }),
                 "beyond what deflate can"));
}

TEST_CASE("members that share bytes are refused") {
  const Member inner{"b.npy", std::string(10000, 'x')};
  const Member outer{"a.npy", record(inner)};
  const std::size_t offset = record(outer).size() - outer.content.size();
  const std::string directory = directory_entry(outer, 0) + directory_entry(inner, offset);
  CHECK(contains(refusal(archive(record(outer), directory, 2)), "x: b.npy: overlaps another array"));
}
