#include <cstdint>
#include <cstring>

#include <promptbound/models/mapped_file.hpp>
#include <promptbound/models/npy.hpp>
#include <promptbound/models/npz_archive.hpp>
#include <promptbound/models/safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

/// The dictionary of the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, the keys in any
/// order.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  Tensor read() {
    expect('{');
    int seen = 0;
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr") {
        read_type();
        seen |= 1;
      } else if (key == "fortran_order") {
        read_order();
        seen |= 2;
      } else if (key == "shape") {
        read_shape();
        seen |= 4;
      } else {
        fail("a key other than descr, fortran_order and shape");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!text_.empty()) fail("text after the dictionary");
    if (seen != 7) fail("one of descr, fortran_order and shape is missing");
    return std::move(tensor_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(where_ + ": .npy header: " + what);
  }
  void skip_blanks() {
    const std::size_t end = text_.find_first_not_of(" \n\t");
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end);
  }
  bool accept(char c) {
    skip_blanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("'") + c + "' is missing");
  }
  std::string_view quoted() {
    skip_blanks();
    const char quote = text_.empty() ? '\0' : text_.front();
    const std::size_t end = text_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) fail("a quoted name is missing");
    const std::string_view name = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return name;
  }
  void read_type() {
    const std::string_view descr = quoted();
    if (descr != "<f4" && descr != "<f8" && descr != "<i8") {
      fail("type '" + std::string(descr.substr(0, 20)) + "' (accepted: '<f4', '<f8', '<i8')");
    }
    tensor_.type = descr == "<f4" ? ElementType::F32 : descr == "<f8" ? ElementType::F64 : ElementType::I64;
  }
  void read_order() {
    skip_blanks();
    if (text_.starts_with("True")) fail("Fortran order (accepted: C order)");
    if (!text_.starts_with("False")) fail("fortran_order is neither True nor False");
    text_.remove_prefix(5);
  }
  void read_shape() {
    tensor_.shape.clear();
    expect('(');
    while (!accept(')')) {
      tensor_.shape.push_back(count());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }
  std::size_t count() {
    skip_blanks();
    std::size_t value = 0;
    std::size_t digits = 0;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      value = 10 * value + static_cast<std::size_t>(text_[digits] - '0');
    }
    if (digits == 0 || digits > 18) fail("a side of the shape is no whole number below 10^18");
    text_.remove_prefix(digits);
    return value;
  }

  std::string_view text_;
  const std::string& where_;
  Tensor tensor_;
};

}  // namespace

Tensor parse_npy(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!content.starts_with(magic) || content.size() < 10) throw InputError(where + ": not a .npy file");
  const int version = static_cast<unsigned char>(content[6]);
  if (version < 1 || version > 3) {
    throw InputError(where + ": .npy version " + std::to_string(version) + " (accepted: 1, 2, 3)");
  }
  // The length of the header: 2 bytes in version 1, 4 later.
  const std::size_t start = version == 1 ? 10 : 12;
  std::uint32_t length = 0;
  if (content.size() >= start) std::memcpy(&length, content.data() + 8, start - 8);
  if (content.size() < start || length > content.size() - start) {
    throw InputError(where + ": the .npy header is cut off");
  }
  Tensor tensor = HeaderReader(content.substr(start, length), where).read();
  tensor.where = where;
  tensor.bytes = bytes.subspan(start + length);
  const std::size_t expected = byte_count(tensor.shape, tensor.type, where);
  if (tensor.bytes.size() != expected) {
    throw InputError(where + ": has " + std::to_string(tensor.bytes.size()) +
                     " bytes of data, and its shape " + shape_text(tensor.shape) + " needs " +
                     std::to_string(expected));
  }
  return tensor;
}

TensorFile parse_npz(std::span<const std::byte> bytes, const std::string& where) {
  TensorFile file(where);
  for (ArchiveMember& member : archive_members(bytes, where)) {
    std::string name = member.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    file.add(name, parse_npy(*member.bytes, where + ": " + printable(name, 60)));
    file.keep_alive(std::move(member.bytes));
  }
  return file;
}

TensorFile read_npy(const std::string& path) {
  auto mapping = std::make_shared<const MappedFile>(path);
  TensorFile file(path);
  file.add("array", parse_npy(mapping->bytes(), path));
  file.keep_alive(std::move(mapping));
  return file;
}

TensorFile read_npz(const std::string& path) { return parse_npz(MappedFile(path).bytes(), path); }

std::string npy_text(const Tensor& tensor) {
  if (tensor.type != ElementType::F32 && tensor.type != ElementType::F64) {
    throw InputError("an array of type " + std::string(name(tensor.type)) + " is not written as .npy");
  }
  std::string shape;
  for (const std::size_t side : tensor.shape) shape.append(std::to_string(side)).append(", ");
  if (tensor.shape.size() > 1) shape.resize(shape.size() - 2);  // only (3,) needs its comma
  std::string header = std::string("{'descr': '") + (tensor.type == ElementType::F32 ? "<f4" : "<f8") +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Magic, version, length, header and a newline fill whole 64 bytes.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  if (length != header.size()) throw InputError("an array of so many sides is not written as .npy");
  std::string text(magic);
  text += '\x01';
  text += '\0';
  text.append(reinterpret_cast<const char*>(&length), sizeof length);
  text += header;
  text.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  return text;
}

TensorFile read_tensors(const std::string& path) {
  if (path.ends_with(".npy")) return read_npy(path);
  if (path.ends_with(".npz")) return read_npz(path);
  if (path.ends_with(".safetensors")) return read_safetensors(path);
  if (path.ends_with(".safetensors.index.json")) return read_safetensors_index(path);
  throw InputError(path +
                   ": arrays are read from .npy, .npz, .safetensors and .safetensors.index.json files");
}

}  // namespace promptbound
