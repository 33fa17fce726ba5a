/// Memory for the sums of kernels.
#pragma once

#include <cstddef>
#include <utility>

#include <hwy/aligned_allocator.h>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Aligned numbers, of no value at first. Their thread keeps the memory for the next one who asks for some: a
/// call that takes a millisecond spends a tenth of it on pages that the system gives out afresh.
template <class T>
class KeptMemory {
 public:
  explicit KeptMemory(Index count) : block_(std::exchange(kept(), Block())) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    if (bytes > block_.bytes) block_ = {hwy::AllocateAligned<std::byte>(bytes), bytes};
  }
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;
  ~KeptMemory() {
    if (block_.bytes <= most_kept && block_.bytes > kept().bytes) kept() = std::move(block_);
  }

  [[nodiscard]] T* get() const { return reinterpret_cast<T*>(block_.memory.get()); }

 private:
  static constexpr std::size_t most_kept = 16 << 20;

  struct Block {
    hwy::AlignedFreeUniquePtr<std::byte[]> memory;
    std::size_t bytes = 0;
  };
  static Block& kept() {
    thread_local Block block;
    return block;
  }

  Block block_;
};

}  // namespace promptbound
