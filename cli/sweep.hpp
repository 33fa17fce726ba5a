/// Parameter sweeps: every combination of the values given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// The most points of a sweep in one answer.
inline constexpr std::uint64_t most_points = 10000000;
/// The most points of a sweep that is written part by part.
inline constexpr std::uint64_t most_points_in_parts = 1000000000000;

/// The values of one parameter: a comma-separated list of numbers (`1/10,1/100`), ranges `1:8` and `0:1:1/4`
/// (step), and geometric ranges `1:64:x2`. Held as given: a range of millions takes no memory.
class Values {
 public:
  /// Throws InputError for a value out of the parameter's domain, an empty range, or more than `most` points.
  Values(const Parameter& parameter, std::string_view text, std::uint64_t most = most_points);

  [[nodiscard]] const Parameter& parameter() const { return *parameter_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Argument at(std::uint64_t index) const;

 private:
  struct Piece {
    std::uint64_t count;
    Argument first;
    Rational step;
    bool geometric;
  };
  [[nodiscard]] Piece parse_piece(std::string_view text, std::uint64_t most) const;

  const Parameter* parameter_;
  std::vector<Piece> pieces_;
  std::uint64_t size_ = 0;
};

/// The Cartesian product, the last parameter running fastest.
class Sweep {
 public:
  /// Throws InputError when the product has more than `most` points.
  explicit Sweep(std::vector<Values> values, std::uint64_t most = most_points);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Arguments at(std::uint64_t index) const;
  /// Returns the parameters with more than one value.
  [[nodiscard]] std::vector<const Parameter*> varying() const;

 private:
  std::vector<Values> values_;
  std::uint64_t size_ = 1;
};

}  // namespace promptbound
