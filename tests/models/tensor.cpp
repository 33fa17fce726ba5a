#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include <promptbound/models/tensor.hpp>

#include "files.hpp"

using namespace promptbound;

namespace {

std::vector<double> read(const Tensor& tensor, std::size_t first, std::size_t step, std::size_t count) {
  std::vector<double> target(count, -1);
  read_elements<double>(tensor, first, step, target);
  return target;
}

}  // namespace

TEST_CASE("elements are read with strides: rows - columns and blocks of a matrix") {
  std::vector<float> numbers;
  numbers.reserve(12);
  for (int k = 0; k < 12; ++k) numbers.push_back(static_cast<float>(k) / 4);
  const Tensor matrix = view(numbers, {3, 4});
  CHECK(read(matrix, 4, 1, 4) == std::vector<double>{1, 1.25, 1.5, 1.75});
  CHECK(read(matrix, 2, 4, 3) == std::vector<double>{0.5, 1.5, 2.5});
  CHECK(read(matrix, 11, 100, 1) == std::vector<double>{2.75});
  CHECK(read(matrix, 12, 1, 0).empty());
  CHECK(read(matrix, 0, 1, 12) == values<double>(matrix));
}

TEST_CASE("nothing beyond a tensor is read") {
  const std::vector<double> numbers = {1, 2, 3, 4};
  const Tensor tensor = view(numbers, {4});
  CHECK_THROWS_AS(static_cast<void>(read(tensor, 4, 1, 1)), std::out_of_range);
  CHECK_THROWS_AS(static_cast<void>(read(tensor, 1, 1, 4)), std::out_of_range);
  CHECK_THROWS_AS(static_cast<void>(read(tensor, 0, 4, 2)), std::out_of_range);
  CHECK_THROWS_AS(static_cast<void>(read(tensor, 3, std::numeric_limits<std::size_t>::max(), 2)),
                  std::out_of_range);
  // 2 (2^63) is 0 in 64 bits.
  CHECK_THROWS_AS(static_cast<void>(read(tensor, 0, std::size_t{1} << 63, 3)), std::out_of_range);
}

TEST_CASE("an element that is no number is named by its place in the tensor") {
  const std::vector<double> numbers = {1, 2, std::numeric_limits<double>::infinity(), 4};
  Tensor tensor = view(numbers, {4});
  tensor.where = "file: name";
  CHECK(refusal_of([&] { static_cast<void>(read(tensor, 0, 2, 2)); }) == "file: name: element 2 is infinite");
  CHECK(read(tensor, 1, 2, 2) == std::vector<double>{2, 4});
}
