#include <map>

#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/mapped_file.hpp>
#include <promptbound/models/npz_archive.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/models/torch_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

using Members = std::map<std::string, std::shared_ptr<const std::vector<std::byte>>>;

/// The members by what follows the archive's own name, which is the same for all of them.
Members members_of(std::span<const std::byte> bytes, const std::string& where) {
  Members members;
  std::string folder;
  for (ArchiveMember& member : archive_members(bytes, where, {"file of torch.save", false})) {
    const auto slash = member.name.find('/');
    const std::string start = member.name.substr(0, slash);
    if (slash == std::string::npos || (!folder.empty() && start != folder)) {
      throw InputError(where + ": " + printable(member.name, 60) +
                       ": not a file of torch.save, whose members lie in one folder");
    }
    folder = start;
    members[member.name.substr(slash + 1)] = std::move(member.bytes);
  }
  return members;
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TensorFile parse_torch(std::span<const std::byte> bytes, const std::string& where) {
  refuse_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, where);
  const Members members = members_of(bytes, where);
  const auto program = members.find("data.pkl");
  if (program == members.end()) {
    throw InputError(where + ": not a file of torch.save: no data.pkl is in it");
  }
  if (const auto order = members.find("byteorder");
      order != members.end() && text_of(*order->second) != "little") {
    throw InputError(where + ": byteorder: only little-endian numbers are read");
  }
  TensorFile file(where);
  for (PickledTensor& each : pickled_tensors(*program->second, where + ": data.pkl")) {
    Tensor tensor{where + ": " + printable(each.name, 60), std::move(each.shape), each.type, {}};
    const auto storage = members.find("data/" + each.storage);
    if (storage == members.end()) {
      throw InputError(tensor.where + ": its storage " + printable(each.storage, 60) + " is not in the file");
    }
    const std::size_t size = byte_count({each.elements}, each.type, tensor.where);
    if (storage->second->size() != size) {
      throw InputError(tensor.where + ": its storage has " + std::to_string(storage->second->size()) +
                       " bytes, and the file says " + std::to_string(size));
    }
    tensor.bytes =
        std::span(*storage->second)
            .subspan(each.offset * size_of(each.type), byte_count(tensor.shape, each.type, tensor.where));
    file.add(each.name, std::move(tensor));
    file.keep_alive(storage->second);
  }
  return file;
}

TensorFile read_torch(const std::string& path) { return parse_torch(MappedFile(path).bytes(), path); }

}  // namespace promptbound
