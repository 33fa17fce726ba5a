/// Interleaved measurements: every contender runs once a round, so that a busy moment of the machine hits all
/// of them.
#pragma once

#include <algorithm>
#include <ctime>
#include <functional>
#include <type_traits>
#include <vector>

namespace promptbound::bench {

/// Processor time for one thread: on a machine that others use too, waiting for a turn is no part of the
/// work. Wall time for several.
enum class Clock { processor, wall };

inline double now(Clock clock) {
  timespec time{};
  clock_gettime(clock == Clock::processor ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Measured {
  double median, spread;  ///< seconds; largest over smallest
};

/// Work that is measured here, or that measures itself and returns its seconds.
class Contender {
 public:
  template <class Work>
  requires(!std::is_same_v<Work, Contender>) Contender(Work work) {
    if constexpr (std::is_void_v<decltype(work())>) {
      seconds_ = [work](Clock clock) {
        const double start = now(clock);
        work();
        return now(clock) - start;
      };
    } else {
      seconds_ = [work](Clock) { return work(); };
    }
  }
  [[nodiscard]] double seconds(Clock clock) const { return seconds_(clock); }

 private:
  std::function<double(Clock)> seconds_;
};

/// The same work again and again for a while, of which the last time counts: for short work, which finds the
/// caches full of another contender's data, and for several threads. They sleep while others have their turn
/// and are late when they are woken, and those of the last contender may still be waiting for more work with
/// their processors busy.
inline Contender awake(const Contender& contender, Clock clock) {
  return Contender([contender, clock] {
    constexpr double while_others_wait = 0.03;
    double passed = 0;
    do passed += contender.seconds(Clock::wall);
    while (passed < while_others_wait);
    return contender.seconds(clock);
  });
}

/// One warm-up round that does not count, then `rounds` rounds.
inline std::vector<Measured> interleaved(const std::vector<Contender>& contenders, int rounds,
                                         Clock clock = Clock::processor) {
  std::vector<std::vector<double>> seconds(contenders.size());
  for (int round = -1; round < rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const double time = contenders[i].seconds(clock);
      if (round >= 0) seconds[i].push_back(time);
    }
  }
  std::vector<Measured> result;
  for (std::vector<double>& times : seconds) {
    std::sort(times.begin(), times.end());
    result.push_back({times[times.size() / 2], times.back() / times.front()});
  }
  return result;
}

/// Multiply-adds of independent chains in the widest vectors, 20 million vector operations; returns how many
/// scalar operations.
template <class T>
inline double run_multiply_adds() {
#if defined(__AVX512F__)
  constexpr int bytes = 64;
#elif defined(__AVX2__)
  constexpr int bytes = 32;
#else
  constexpr int bytes = 16;
#endif
  typedef T Vector __attribute__((vector_size(bytes)));
  constexpr int chains = 12, lanes = bytes / static_cast<int>(sizeof(T));
  constexpr long steps = 2'000'000;
  Vector factor, addend;
  for (int i = 0; i < lanes; ++i) {
    factor[i] = static_cast<T>(0.999);
    addend[i] = static_cast<T>(0.001);
  }
  // Twelve variables, not an array, which g++ would keep in memory; different, or it would compute one of
  // them.
  Vector a = addend, b = a + a, c = b + a, d = c + a, e = d + a, f = e + a;
  Vector g = f + a, h = g + a, i = h + a, j = i + a, k = j + a, l = k + a;
  for (long step = 0; step < steps; ++step) {
    a = a * factor + addend, b = b * factor + addend, c = c * factor + addend, d = d * factor + addend;
    e = e * factor + addend, f = f * factor + addend, g = g * factor + addend, h = h * factor + addend;
    i = i * factor + addend, j = j * factor + addend, k = k * factor + addend, l = l * factor + addend;
  }
  const Vector sum = a + b + c + d + e + f + g + h + i + j + k + l;
  volatile T sink = sum[0];
  (void)sink;
  return 2.0 * chains * lanes * static_cast<double>(steps);
}

}  // namespace promptbound::bench
