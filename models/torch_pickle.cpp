// The program in a file of torch.save, of torch_file.hpp.
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string_view>

#include <promptbound/models/text_file.hpp>
#include <promptbound/models/torch_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

enum class Kind { mark, none, flag, number, text, tuple, list, dictionary, name, storage, tensor };

/// Anything that lies on the stack. Nodes live in one arena and point at each other, so that neither circles
/// nor depth cost anything: nothing walks through them but the top level.
struct Node {
  Kind kind = Kind::none;
  std::uint64_t number = 0;
  std::string_view text = {};             ///< of texts and names
  std::vector<Node*> entries = {};        ///< of tuples; of dictionaries: key, value, key, value, ...
  const PickledTensor* tensor = nullptr;  ///< of tensors and storages
};

// What torch.save writes stays far below these; they keep memory and time linear in the program's length.
constexpr std::size_t longest_program = std::size_t{1} << 22, longest_key = 100, most_sides = 64;

/// The names that a program may say, and what a call of them would give.
enum class Callable { dictionary, tensor, parameter };

std::map<std::string_view, Callable> callables() {
  return {{"collections\nOrderedDict", Callable::dictionary},
          {"torch._utils\n_rebuild_tensor_v2", Callable::tensor},
          {"torch._utils\n_rebuild_parameter", Callable::parameter}};
}

std::map<std::string_view, ElementType> storages() {
  return {{"torch\nDoubleStorage", ElementType::F64}, {"torch\nFloatStorage", ElementType::F32},
          {"torch\nHalfStorage", ElementType::F16},   {"torch\nBFloat16Storage", ElementType::BF16},
          {"torch\nLongStorage", ElementType::I64},   {"torch\nIntStorage", ElementType::I32},
          {"torch\nShortStorage", ElementType::I16},  {"torch\nCharStorage", ElementType::I8},
          {"torch\nByteStorage", ElementType::U8},    {"torch\nBoolStorage", ElementType::BOOL}};
}

class Machine {
 public:
  Machine(std::span<const std::byte> program, const std::string& where)
      : program_(reinterpret_cast<const char*>(program.data()), program.size()), where_(where) {}

  [[nodiscard]] std::vector<PickledTensor> run() {
    while (!is_done_) step();
    if (at_ != program_.size()) fail("bytes follow its end");
    if (stack_.size() != 1) fail("it ends with more than one result");
    const Node& result = *stack_.front();
    if (result.kind != Kind::dictionary) fail("what it makes is no dictionary of tensors");
    std::vector<PickledTensor> tensors;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < result.entries.size(); i += 2) {
      const Node &key = *result.entries[i], &value = *result.entries[i + 1];
      if (key.kind != Kind::text) fail("a key of its dictionary is no text");
      if (value.kind != Kind::tensor) fail(printable(key.text, 100) + " is no tensor");
      if (!names.insert(key.text).second) fail(printable(key.text, 100) + " is there twice");
      tensors.push_back(*value.tensor);
      tensors.back().name = std::string(key.text);
    }
    return tensors;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(where_ + ": byte " + std::to_string(at_) + ": " + what +
                     " (accepted: the tensors of torch.save; nothing in the file is executed)");
  }

  [[nodiscard]] std::string_view take(std::size_t count) {
    if (count > program_.size() - at_) fail("the program is cut off");
    const std::string_view bytes = program_.substr(at_, count);
    at_ += count;
    return bytes;
  }
  [[nodiscard]] std::uint64_t whole(std::size_t bytes) {
    std::uint64_t value = 0;
    const std::string_view taken = take(bytes);
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
    return value;
  }
  /// Up to the next line feed.
  [[nodiscard]] std::string_view line() {
    const auto end = program_.find('\n', at_);
    if (end == std::string_view::npos) fail("the program is cut off");
    const std::string_view text = program_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  Node* made(Node node) {
    nodes_.push_back(std::move(node));
    return &nodes_.back();
  }
  void push(Node node) { stack_.push_back(made(std::move(node))); }
  Node* pop() {
    if (stack_.empty() || stack_.back()->kind == Kind::mark) fail("an instruction finds no operand");
    Node* top = stack_.back();
    stack_.pop_back();
    return top;
  }
  /// What lies above the last mark, which goes with it.
  std::vector<Node*> above_mark() {
    const auto mark = std::find_if(stack_.rbegin(), stack_.rend(),
                                   [](const Node* node) { return node->kind == Kind::mark; });
    if (mark == stack_.rend()) fail("an instruction finds no mark");
    std::vector<Node*> result(mark.base(), stack_.end());
    stack_.erase(mark.base() - 1, stack_.end());
    return result;
  }
  void push_tuple(std::size_t count) {
    std::vector<Node*> entries(count);
    for (std::size_t i = count; i-- > 0;) entries[i] = pop();
    push({.kind = Kind::tuple, .entries = std::move(entries)});
  }
  void set_entries(const std::vector<Node*>& entries) {
    if (entries.size() % 2 != 0) fail("a key without a value");
    Node* target = pop();
    if (target->kind != Kind::dictionary) fail("entries are put into what is no dictionary");
    target->entries.insert(target->entries.end(), entries.begin(), entries.end());
    stack_.push_back(target);
  }
  void remember(std::uint64_t key) {
    if (stack_.empty()) fail("nothing is there to be remembered");
    memory_[key] = stack_.back();
  }
  void recall(std::uint64_t key) {
    const auto place = memory_.find(key);
    if (place == memory_.end()) fail("what it asks for was never remembered");
    stack_.push_back(place->second);
  }

  /// A signed number that is at least 0: sizes, offsets, protocols of hooks.
  void push_number(std::size_t bytes) {
    const std::uint64_t value = whole(bytes);
    if (bytes == 4 && value >> 31 != 0) fail("a number below 0");
    push({.kind = Kind::number, .number = value});
  }
  /// A number of as many bytes as the byte before says, in two's complement.
  void push_long_number() {
    const std::uint64_t size = whole(1);
    if (size > 8) fail("a number of more than 8 bytes");
    const std::uint64_t value = whole(size);
    if (size > 0 && value >> (8 * size - 1) != 0) fail("a number below 0");
    push({.kind = Kind::number, .number = value});
  }

  /// Two lines, a module and a name in it: one that is known, or the end.
  void push_name() {
    const std::size_t start = at_;
    const std::string_view module = line(), name = line();
    const std::string_view both = program_.substr(start, at_ - start - 1);
    if (!callables_.contains(both) && !storages_.contains(both)) {
      at_ = start;
      fail("it names " + printable(module, 60) + "." + printable(name, 60) + ", which is never called");
    }
    push({.kind = Kind::name, .text = both});
  }

  static bool is(const Node* node, Kind kind) { return node->kind == kind; }

  /// ('storage', type, key, device, elements)
  void push_storage() {
    const Node* tuple = pop();
    const auto& parts = tuple->entries;
    const bool is_right = is(tuple, Kind::tuple) && parts.size() == 5 && is(parts[0], Kind::text) &&
                          parts[0]->text == "storage" && is(parts[1], Kind::name) &&
                          storages_.contains(parts[1]->text) && is(parts[2], Kind::text) &&
                          is(parts[3], Kind::text) && is(parts[4], Kind::number);
    if (!is_right) fail("a reference to something else than a storage");
    if (parts[2]->text.size() > longest_key) fail("the key of a storage is too long");
    push({.kind = Kind::storage,
          .tensor = &described_.emplace_back(PickledTensor{
              {}, storages_.at(parts[1]->text), std::string(parts[2]->text), parts[4]->number})});
  }

  std::vector<std::size_t> sizes(const Node* tuple) const {
    if (!is(tuple, Kind::tuple) || tuple->entries.size() > most_sides) fail("a shape that is no short tuple");
    std::vector<std::size_t> result;
    for (const Node* part : tuple->entries) {
      if (!is(part, Kind::number)) fail("a shape with something else than numbers");
      result.push_back(part->number);
    }
    return result;
  }

  /// (storage, offset, shape, strides, requires_grad, hooks), and what newer versions add
  [[nodiscard]] PickledTensor rebuilt_tensor(const std::vector<Node*>& parts) const {
    if (parts.size() < 6 || !is(parts[0], Kind::storage) || !is(parts[1], Kind::number)) {
      fail("a tensor that is not made of a storage");
    }
    PickledTensor tensor = *parts[0]->tensor;
    tensor.offset = parts[1]->number;
    tensor.shape = sizes(parts[2]);
    const std::vector<std::size_t> strides = sizes(parts[3]);
    if (strides.size() != tensor.shape.size()) fail("a tensor with strides of another shape");
    const std::size_t count =
        byte_count(tensor.shape, ElementType::U8, where_ + ": byte " + std::to_string(at_));
    std::size_t step = 1;
    for (std::size_t i = strides.size(); i-- > 0 && count > 0;) {
      if (tensor.shape[i] != 1 && strides[i] != step) fail("a tensor that is not in C order");
      step *= tensor.shape[i];
    }
    if (tensor.offset > tensor.elements || count > tensor.elements - tensor.offset) {
      fail("a tensor that reaches beyond its storage");
    }
    return tensor;
  }

  void call() {
    const Node *arguments = pop(), *function = pop();
    if (!is(function, Kind::name) || !callables_.contains(function->text) || !is(arguments, Kind::tuple)) {
      fail("a call of something that is never called");
    }
    const auto& parts = arguments->entries;
    switch (callables_.at(function->text)) {
      case Callable::dictionary:
        if (!parts.empty()) fail("a dictionary that is made from something");
        return push({.kind = Kind::dictionary});
      case Callable::tensor:
        return push({.kind = Kind::tensor, .tensor = &described_.emplace_back(rebuilt_tensor(parts))});
      case Callable::parameter:
        if (parts.empty() || !is(parts[0], Kind::tensor)) fail("a parameter that is no tensor");
        return stack_.push_back(parts[0]);
    }
  }

  /// Attributes, such as the versions of modules, which say nothing of tensors.
  void set_attributes() {
    const Node* state = pop();
    Node* target = pop();
    if (!is(state, Kind::dictionary) || !is(target, Kind::dictionary)) fail("attributes of no dictionary");
    stack_.push_back(target);
  }

  void append(const std::vector<Node*>&) {
    Node* target = pop();
    if (!is(target, Kind::list)) fail("entries are put into what is no list");
    stack_.push_back(target);
  }

  void step() {
    const auto instruction = static_cast<unsigned char>(take(1)[0]);
    switch (instruction) {
      case 0x80:  // PROTO
        if (whole(1) > 5) fail("a protocol that is not known");
        return;
      case '.':
        is_done_ = true;
        return;
      case '(':
        return push({.kind = Kind::mark});
      case 'N':
        return push({.kind = Kind::none});
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        return push({.kind = Kind::flag, .number = instruction == 0x88});
      case 'K':
        return push_number(1);
      case 'M':
        return push_number(2);
      case 'J':
        return push_number(4);
      case 0x8a:  // LONG1
        return push_long_number();
      case 'X':
        return push({.kind = Kind::text, .text = take(whole(4))});
      case ')':
        return push_tuple(0);
      case 0x85:  // TUPLE1, TUPLE2, TUPLE3
      case 0x86:
      case 0x87:
        return push_tuple(instruction - 0x84U);
      case 't':
        return push({.kind = Kind::tuple, .entries = above_mark()});
      case '}':
        return push({.kind = Kind::dictionary});
      case ']':
        return push({.kind = Kind::list});
      case 'a':
        return append({pop()});
      case 'e':
        return append(above_mark());
      case 's': {
        Node* value = pop();
        Node* key = pop();
        return set_entries({key, value});
      }
      case 'u':
        return set_entries(above_mark());
      case 'q':
        return remember(whole(1));
      case 'r':
        return remember(whole(4));
      case 'h':
        return recall(whole(1));
      case 'j':
        return recall(whole(4));
      case 'c':
        return push_name();
      case 'Q':
        return push_storage();
      case 'R':
        return call();
      case 'b':
        return set_attributes();
      default:
        --at_;
        fail("the instruction " + std::to_string(instruction) +
             " is not one that torch.save writes for tensors");
    }
  }

  std::string_view program_;
  const std::string& where_;
  std::size_t at_ = 0;
  bool is_done_ = false;
  std::deque<Node> nodes_;
  std::deque<PickledTensor> described_;
  std::vector<Node*> stack_;
  std::map<std::uint64_t, Node*> memory_;
  const std::map<std::string_view, Callable> callables_ = callables();
  const std::map<std::string_view, ElementType> storages_ = storages();
};

}  // namespace

std::vector<PickledTensor> pickled_tensors(std::span<const std::byte> program, const std::string& where) {
  if (program.size() > longest_program) {
    throw InputError(where + ": " + std::to_string(program.size()) +
                     " bytes (accepted: a program of at most " + std::to_string(longest_program) + ")");
  }
  return Machine(program, where).run();
}

}  // namespace promptbound
