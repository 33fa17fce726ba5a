// Archives of arrays: as numpy and other writers lay them out, and as nobody honest does.
#include <doctest/doctest.h>

#include <cstdint>

#include <promptbound/models/npy.hpp>

#include "files.hpp"
#include "text.hpp"
#include "zip.hpp"

using namespace promptbound;

namespace {

std::string refusal_of_npz(const std::string& text) {
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
  ZipMember stored{"a.npy", array}, deflated{"b.npy", array, true};
  stored.wide = deflated.wide = true;
  const std::string text = zip({stored, deflated});
  const TensorFile file = parse_npz(bytes_of(text), "x");
  CHECK(values<double>(file.at("a")) == std::vector<double>(64, 1.0));
  CHECK(values<double>(file.at("b")) == std::vector<double>(64, 1.0));
}

TEST_CASE("archives that are cut off are refused") {
  const std::string good = zip({{"a.npy", array, true}, {"b.npy", array}});
  CHECK(refusal_of_npz(good).empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE_MESSAGE(refusal_of_npz(good.substr(0, size)).empty(), size);
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
    ZipMember member{"a.npy", array, true};
    change(member);
    return refusal_of_npz(zip({member}));
  };
  CHECK(with([](ZipMember&) {}).empty());
  CHECK(contains(refusal_of_npz(zip({{"a.npy", array}, {"a.npy", array}})), "two arrays of one name"));
  CHECK(contains(refusal_of_npz(zip({{"a", array}, {"a.npy", array}})), "two tensors are named 'a'"));
  CHECK(contains(refusal_of_npz(zip({{"a.npy", "no array"}})), "x: a: not a .npy file"));
  CHECK(contains(refusal_of_npz(zip({{"a\n\x1b[1m.npy", "no array"}})), "x: a??[1m: not a .npy file"));
  CHECK(contains(refusal_of_npz("PK"), "not a .npz file"));
  CHECK(contains(refusal_of_npz(zip({})), "no array is in it"));
  CHECK(contains(with([](ZipMember& m) { m.checksum = 1; }), "x: a.npy: CRC error"));
  CHECK(contains(with([](ZipMember& m) { m.flags = 1; }), "x: a.npy: encrypted"));
  CHECK(contains(with([](ZipMember& m) { m.method = 12; }),
                 "x: a.npy: encrypted or compressed in another way"));
  CHECK_FALSE(with([](ZipMember& m) { m.size = array.size() - 1; }).empty());
  CHECK_FALSE(with([](ZipMember& m) { m.size = array.size() + 1; }).empty());
  // Bombs: few bytes that claim to be 4 GB.
  const auto claims_much = [](ZipMember& m) { m.size = 0xfffffff0; };
  CHECK(contains(with(claims_much), "beyond what deflate can"));
  CHECK(contains(with([&](ZipMember& m) {
                   m.deflated = false;
                   claims_much(m);
                 }),
                 "beyond what deflate can"));
}

TEST_CASE("members that share bytes are refused") {
  const ZipMember inner{"b.npy", std::string(10000, 'x')};
  const ZipMember outer{"a.npy", zip_record(inner)};
  const std::size_t offset = zip_record(outer).size() - outer.content.size();
  const std::string directory = zip_directory_entry(outer, 0) + zip_directory_entry(inner, offset);
  CHECK(contains(refusal_of_npz(zip_of_parts(zip_record(outer), directory, 2)),
                 "x: b.npy: overlaps another array"));
}
