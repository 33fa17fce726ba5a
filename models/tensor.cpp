#include <Eigen/Core>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <promptbound/models/tensor.hpp>
#include <promptbound/numeric/error.hpp>

static_assert(std::endian::native == std::endian::little, "files are little-endian, and read as they are");

namespace promptbound {
namespace {

struct Description {
  std::string_view name;
  std::size_t size;
};

constexpr std::array<Description, 16> descriptions = {{{"F64", 8},
                                                       {"F32", 4},
                                                       {"F16", 2},
                                                       {"BF16", 2},
                                                       {"I64", 8},
                                                       {"I32", 4},
                                                       {"I16", 2},
                                                       {"I8", 1},
                                                       {"U64", 8},
                                                       {"U32", 4},
                                                       {"U16", 2},
                                                       {"U8", 1},
                                                       {"BOOL", 1},
                                                       {"F8_E4M3", 1},
                                                       {"F8_E5M2", 1},
                                                       {"other", 1}}};

/// Element after element of one type: target[k] = element first + k step.
template <class Element, class Scalar>
void read_as(const Tensor& tensor, std::size_t first, std::size_t step, std::span<Scalar> target) {
  for (std::size_t k = 0; k < target.size(); ++k) {
    Element element;
    std::memcpy(&element, tensor.bytes.data() + (first + k * step) * sizeof element, sizeof element);
    // Eigen's types of 16 bits go through binary32, which holds all their numbers.
    using Number = std::conditional_t<std::is_arithmetic_v<Element>, Element, float>;
    const auto value = static_cast<Number>(element);
    if (!std::isfinite(value)) {
      throw InputError(tensor.where + ": element " + std::to_string(first + k * step) + " is " +
                       (std::isnan(value) ? "NaN" : "infinite"));
    }
    target[k] = static_cast<Scalar>(value);
  }
}

template <class Scalar>
Tensor view_of(std::span<const Scalar> values, std::vector<std::size_t> shape, ElementType type) {
  const std::size_t expected = byte_count(shape, type, "an array");
  if (values.size_bytes() != expected) {
    throw InputError("an array of " + std::to_string(values.size()) + " numbers has not the shape " +
                     shape_text(shape));
  }
  return {"", std::move(shape), type, std::as_bytes(values)};
}

}  // namespace

std::string_view name(ElementType type) { return descriptions[static_cast<std::size_t>(type)].name; }

std::size_t size_of(ElementType type) { return descriptions[static_cast<std::size_t>(type)].size; }

std::size_t byte_count(const std::vector<std::size_t>& shape, ElementType type, const std::string& where) {
  std::size_t count = size_of(type);
  for (const std::size_t side : shape) {
    if (__builtin_mul_overflow(count, side, &count) || count >> 63 != 0) {
      throw InputError(where + ": the shape " + shape_text(shape) + " is larger than any file");
    }
  }
  return count;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + ")";
}

template <class Scalar>
void read_elements(const Tensor& tensor, std::size_t first, std::size_t step, std::span<Scalar> target) {
  const std::size_t steps = target.empty() ? 0 : target.size() - 1;
  const bool is_inside =
      target.empty() ||
      (first < tensor.size() && (steps == 0 || step == 0 || steps <= (tensor.size() - first - 1) / step));
  if (!is_inside) {
    throw std::out_of_range(tensor.where + ": no such elements");
  }
  switch (tensor.type) {
    case ElementType::F64:
      if (sizeof(Scalar) < 8) {
        throw InputError(tensor.where + ": element type F64, which single precision does not hold exactly");
      }
      return read_as<double>(tensor, first, step, target);
    case ElementType::F32:
      return read_as<float>(tensor, first, step, target);
    case ElementType::F16:
      return read_as<Eigen::half>(tensor, first, step, target);
    case ElementType::BF16:
      return read_as<Eigen::bfloat16>(tensor, first, step, target);
    default:
      throw InputError(
          tensor.where + ": element type " +
          (tensor.type == ElementType::other ? tensor.other_type : std::string(name(tensor.type))) +
          " (accepted: F64, F32, F16, BF16)");
  }
}

template void read_elements(const Tensor&, std::size_t, std::size_t, std::span<double>);
template void read_elements(const Tensor&, std::size_t, std::size_t, std::span<float>);

template <class Scalar>
std::vector<Scalar> values(const Tensor& tensor) {
  std::vector<Scalar> result(tensor.size());
  read_elements<Scalar>(tensor, 0, 1, result);
  return result;
}

template std::vector<double> values(const Tensor&);
template std::vector<float> values(const Tensor&);

Tensor view(std::span<const double> values, std::vector<std::size_t> shape) {
  return view_of(values, std::move(shape), ElementType::F64);
}
Tensor view(std::span<const float> values, std::vector<std::size_t> shape) {
  return view_of(values, std::move(shape), ElementType::F32);
}

void TensorFile::add(const std::string& name, Tensor tensor) {
  if (!tensors_.emplace(name, std::move(tensor)).second) {
    throw InputError(where_ + ": two tensors are named '" + name + "'");
  }
}

void TensorFile::add_absent(const std::string& name, std::string why) { absent_[name] = std::move(why); }

void TensorFile::keep_alive(const TensorFile& other) {
  owners_.insert(owners_.end(), other.owners_.begin(), other.owners_.end());
}

const Tensor* TensorFile::find(const std::string& name) const {
  const auto place = tensors_.find(name);
  return place == tensors_.end() ? nullptr : &place->second;
}

const Tensor& TensorFile::at(const std::string& name) const {
  const Tensor* tensor = find(name);
  if (tensor != nullptr) return *tensor;
  const auto why = absent_.find(name);
  throw InputError(why == absent_.end() ? where_ + ": no tensor '" + name + "'" : why->second);
}

const Tensor& TensorFile::only() const {
  if (tensors_.size() == 1) return tensors_.begin()->second;
  std::string names;
  for (const auto& entry : tensors_) {
    if (names.size() > 80) {
      names += ", ...";
      break;
    }
    names += (names.empty() ? "" : ", ") + entry.first;
  }
  throw InputError(where_ + ": one array is needed, and " + std::to_string(tensors_.size()) +
                   " are there: " + names);
}

}  // namespace promptbound
