// Files of torch.save: tensors come out as they were put in, and programs that want anything else do nothing
// but fail.
#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <sstream>

#include <promptbound/models/torch_file.hpp>

#include "files.hpp"
#include "text.hpp"
#include "zip.hpp"

using namespace promptbound;

namespace {

using namespace std::literals;

const std::string folder = std::string(PROMPTBOUND_MODELS_DIR) + "/torch/";

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// ---- programs

std::string text(const std::string& value) { return "X" + little_endian(value.size(), 4) + value; }
std::string name(const std::string& module, const std::string& function) {
  return "c" + module + "\n" + function + "\n";
}
std::string number(std::uint64_t value) { return "\x8a\x08" + little_endian(value, 8); }
std::string storage(std::uint64_t elements, const std::string& type = "FloatStorage",
                    const std::string& key = "0") {
  return "(" + text("storage") + name("torch", type) + text(key) + text("cpu") + number(elements) + "tQ";
}
std::string tensor(const std::string& of, std::uint64_t offset, const std::string& shape,
                   const std::string& strides) {
  return name("torch._utils", "_rebuild_tensor_v2") + "(" + of + number(offset) + shape + strides + "\x89" +
         name("collections", "OrderedDict") + ")RtR";
}
std::string vector_of(std::uint64_t size, std::uint64_t elements, std::uint64_t offset = 0) {
  return tensor(storage(elements), offset, number(size) + "\x85", "K\x01\x85");
}
std::string pickle_of(const std::string& value) { return "\x80\x02}" + text("x") + value + "s."; }

std::string refusal_of_program(const std::string& program) {
  return refusal_of([&] { static_cast<void>(pickled_tensors(bytes_of(program), "data.pkl")); });
}

/// One line that a person can read.
void check_clean(const std::string& message) {
  CHECK_FALSE(message.empty());
  CHECK(message.size() < 500);
  for (const char c : message) CHECK((c >= ' ' && c <= '~'));
}

// ---- archives

std::string file_refusal(const std::string& bytes) {
  return refusal_of([&] { static_cast<void>(parse_torch(bytes_of(bytes), "file.bin")); });
}

}  // namespace

TEST_CASE("tensors of a file of torch.save are read exactly") {
  const TensorFile prompt = read_torch(folder + "prompt/adapter_model.bin");
  REQUIRE(prompt.tensors().size() == 1);
  const Tensor& embeddings = prompt.at("prompt_embeddings");
  CHECK(embeddings.shape == std::vector<std::size_t>{5, 16});
  const std::vector<double> numbers = values<double>(embeddings);
  for (std::size_t i = 0; i < 80; ++i) CHECK(numbers[i] == static_cast<double>(7 * i % 41) / 64 - 0.25);

  const TensorFile state = read_torch(folder + "state.bin");
  CHECK(state.tensors().size() == 14);
  for (const char* type : {"Double", "Float", "Half", "BFloat16"}) {
    CHECK(values<double>(state.at("of."s + type)) == std::vector<double>{1, 2, 3, 4, 5, 6});
  }
  CHECK(state.at("of.Long").type == ElementType::I64);
  CHECK(state.at("of.Bool").bytes.size() == 2);
  CHECK(values<double>(state.at("inner")) == std::vector<double>{1.5, 2, 2.5, 3});
  CHECK(state.at("empty").size() == 0);
  CHECK(values<double>(state.at("scalar")) == std::vector<double>{2.5});
  CHECK(state.at("scalar").shape.empty());
  CHECK(values<double>(state.at("parameter")) == std::vector<double>{0.25, -0.25});
}

TEST_CASE("programs that name what torch.save does not name end with that name - nothing is called") {
  const TemporaryFolder place;
  const std::string command = text("touch " + place.file("touched"));
  for (const auto& [module, function] :
       {std::pair("os", "system"), std::pair("posix", "system"), std::pair("builtins", "eval"),
        std::pair("__builtin__", "exec"), std::pair("subprocess", "Popen"), std::pair("torch", "load"),
        std::pair("torch._utils", "_rebuild_tensor"), std::pair("collections", "OrderedDict.fromkeys"),
        std::pair("torch", "FloatStorage.from_file"), std::pair("collections\n", "OrderedDict")}) {
    const std::string said = refusal_of_program(pickle_of(name(module, function) + command + "\x85R"));
    check_clean(said);
    CHECK(contains(said, "nothing in the file is executed"));
    CHECK(contains(said, "it names " + std::string(module).substr(0, 5)));
  }
  CHECK(place.is_empty());
}

TEST_CASE("instructions that make objects - call what the stack holds or reach other protocols are unknown") {
  // INST, OBJ, NEWOBJ, EXT1, PERSID, STACK_GLOBAL, MEMOIZE, FRAME, DUP, POP, INT, REDUCE's relatives.
  for (const char* instruction :
       {"ios\nsystem\n", "o",    "\x81", "\x82\x01", "P0\n", "\x93", "\x94", "\x95", "2", "0",
        "I1\n",          "V\n",  "B",    "U",        "G",    "\x8b", "\x8c", "\x92", "d", "l",
        "p0\n",          "g0\n", "\xff"}) {
    const std::string said = refusal_of_program(pickle_of("}}"s + instruction));
    check_clean(said);
    CHECK(contains(said, "instruction"));
  }
  // Calls of what is no name, of a storage's name, and of a dictionary with arguments.
  CHECK(contains(refusal_of_program(pickle_of("})R")), "never called"));
  CHECK(contains(refusal_of_program(pickle_of(text("os.system") + ")R")), "never called"));
  CHECK(contains(refusal_of_program(pickle_of(name("torch", "FloatStorage") + ")R")), "never called"));
  CHECK(contains(refusal_of_program(pickle_of(name("collections", "OrderedDict") + "}\x85R")),
                 "made from something"));
  CHECK(contains(refusal_of_program(pickle_of(name("collections", "OrderedDict") + ")R" + text("x") + "b")),
                 "attributes"));
  CHECK(contains(refusal_of_program(pickle_of("(" + text("module") + name("torch", "FloatStorage") +
                                              text("0") + text("cpu") + "K\x01tQ")),
                 "something else than a storage"));
}

TEST_CASE("tensors reach no byte beyond their storage") {
  CHECK(refusal_of_program(pickle_of(vector_of(3, 3))).empty());
  CHECK(refusal_of_program(pickle_of(vector_of(1, 3, 2))).empty());
  CHECK(contains(refusal_of_program(pickle_of(vector_of(4, 3))), "beyond its storage"));
  CHECK(contains(refusal_of_program(pickle_of(vector_of(1, 3, 3))), "beyond its storage"));
  CHECK(contains(refusal_of_program(pickle_of(vector_of(1, 3, 0x7fffffffffffffff))), "beyond its storage"));
  CHECK(contains(refusal_of_program(pickle_of(vector_of(0x7fffffffffffffff, 3, 2))), "beyond its storage"));
  const auto shaped = [&](const std::string& shape, const std::string& strides) {
    return refusal_of_program(pickle_of(tensor(storage(64), 0, shape, strides)));
  };
  CHECK(shaped(number(4) + number(8) + "\x86", number(8) + number(1) + "\x86").empty());
  CHECK(contains(shaped(number(4) + number(8) + "\x86", number(1) + number(4) + "\x86"), "C order"));
  CHECK(contains(shaped(number(1ULL << 40) + "\x85", "K\0\x85"s), "C order"));
  CHECK(contains(shaped(number(4) + number(8) + "\x86", "K\x01\x85"), "strides of another shape"));
  CHECK_FALSE(
      shaped(number(1ULL << 40) + number(1ULL << 40) + "\x86", number(1ULL << 40) + number(1) + "\x86")
          .empty());
  CHECK(contains(shaped("J\xff\xff\xff\xff\x85", "K\x01\x85"), "below 0"));
  CHECK(contains(shaped("\x8a\x08"s + std::string(8, '\xff') + "\x85", "K\x01\x85"), "below 0"));
  CHECK(contains(shaped("N\x85", "K\x01\x85"), "something else than numbers"));
}

TEST_CASE("every cut of a program fails - and so do its results that are no dictionary of tensors") {
  const std::string whole = pickle_of(vector_of(3, 3));
  REQUIRE(refusal_of_program(whole).empty());
  for (std::size_t length = 0; length < whole.size(); ++length)
    check_clean(refusal_of_program(whole.substr(0, length)));
  check_clean(refusal_of_program(whole + "."));
  for (const char* program : {".", "}}.", "N.", "].", ").", "(.", "}(.", "}q\x01h\x02.", "q\x01.", "t.",
                              "}u.", "}(Nu.", "}a.", "}NNs.", "R.", "Q.", "b.", "\x87.", "\x80\x09}."}) {
    check_clean(refusal_of_program(program));
  }
  CHECK(contains(refusal_of_program("}" + text("x") + "K\x01s."), "x is no tensor"));
  CHECK(contains(refusal_of_program("}" + text("x") + "}s."), "x is no tensor"));
  CHECK(contains(refusal_of_program("}(" + text("x") + vector_of(1, 1) + text("x") + vector_of(1, 1) + "u."),
                 "twice"));
  CHECK(contains(refusal_of_program("}" + text("a\nb\x7f") + "Ns."), "a?b? is no tensor"));
}

TEST_CASE("games with the memo cost no more than their length") {
  // A dictionary inside itself; tuples of tuples of tuples, each twice the one before; a deep nest.
  check_clean(refusal_of_program("}q\x01" + text("x") + "h\x01s."));
  std::string doubled = ")q\x01";
  for (int i = 0; i < 200; ++i) doubled += "h\x01h\x01\x86q\x01";
  check_clean(refusal_of_program(doubled + "."));
  check_clean(refusal_of_program(")" + std::string(1'000'000, '\x85') + "."));
  check_clean(refusal_of_program(std::string(1'000'000, '(') + "."));
  check_clean(refusal_of_program(std::string(1 << 23, 'N')));
  // A long shape that is asked for again and again.
  std::string shapes = "(" + std::string(100'000, '\x88') + "tq\x01" + storage(1) + "q\x02";
  for (int i = 0; i < 10'000; ++i) shapes += "h\x01";
  check_clean(refusal_of_program(shapes + tensor("h\x02", 0, "h\x01", "h\x01") + "."));
}

TEST_CASE("archives that torch.save does not write are refused") {
  const std::string program = pickle_of(vector_of(3, 3)), data(12, '\0');
  const auto with = [&](const std::vector<ZipMember>& members) { return file_refusal(zip(members)); };
  CHECK(with({{"a/data.pkl", program}, {"a/data/0", data}}).empty());
  CHECK(contains(with({{"a/data.pkl", program}}), "storage 0 is not in the file"));
  CHECK(contains(with({{"a/data.pkl", program}, {"a/data/0", data + "x"}}), "13 bytes"));
  CHECK(contains(with({{"a/data.pkl", program}, {"a/data/0", data.substr(1)}}), "11 bytes"));
  CHECK(contains(with({{"a/data/0", data}}), "no data.pkl"));
  CHECK(contains(with({{"data.pkl", program}}), "one folder"));
  CHECK(contains(with({{"a/data.pkl", program}, {"b/data/0", data}}), "one folder"));
  CHECK(contains(with({{"a/b/data.pkl", program}, {"a/data/0", data}}), "no data.pkl"));
  CHECK(contains(with({{"a/data.pkl", program}, {"a/data/0", data}, {"a/byteorder", "big"}}), "byteorder"));
  // An archive inside the archive is bytes like any others.
  const std::string inner = zip({{"a/data.pkl", program}, {"a/data/0", data}});
  CHECK(contains(with({{"a/inner.zip", inner}}), "no data.pkl"));
  CHECK(contains(with({{"a/data.pkl", inner}}), "instruction 80"));
  const std::string whole = zip({{"a/data.pkl", program}, {"a/data/0", data}});
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    check_clean(file_refusal(whole.substr(0, length)));
  }
  // The format before 1.6, and what is no file of torch.save at all.
  for (const std::string& bytes : {"\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19."s, "PK"s, ""s, "hello"s}) {
    CHECK(contains(file_refusal(bytes), "not a file of torch.save"));
  }
  CHECK(contains(file_refusal("version https://git-lfs.github.com/spec/v1\n"), "git-lfs"));
}

TEST_CASE("a changed byte of a real file changes numbers or fails with one line") {
  const std::string whole = read_file(folder + "state.bin");
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x5a);
    const std::string said = file_refusal(changed);
    if (!said.empty()) check_clean(said);
  }
}
