#include <array>
#include <bit>
#include <cstdint>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/records/sha256.hpp>

namespace promptbound {
namespace {

using Words = std::array<std::uint32_t, 64>;

std::array<unsigned long, 64> first_primes() {
  std::array<unsigned long, 64> primes{};
  std::size_t count = 0;
  for (unsigned long n = 2; count < primes.size(); ++n) {
    bool prime = true;
    for (std::size_t k = 0; k < count && prime; ++k) prime = n % primes[k] != 0;
    if (prime) primes[count++] = n;
  }
  return primes;
}

/// The first 32 bits of the fractional parts of the n-th roots of the first 64 primes (the standard's
/// constants).
Words fractional_roots(unsigned long n) {
  Words words{};
  const auto primes = first_primes();
  for (std::size_t k = 0; k < words.size(); ++k) {
    const Integer scaled = floor_root(Integer(primes[k]) << static_cast<unsigned>(32 * n), n);
    words[k] = Integer(scaled & 0xffffffffUL).convert_to<std::uint32_t>();
  }
  return words;
}

void absorb(std::array<std::uint32_t, 8>& state, const unsigned char* block) {
  static const Words constants = fractional_roots(3);
  Words w{};
  for (std::size_t t = 0; t < 16; ++t) {
    for (std::size_t k = 0; k < 4; ++k) w[t] = w[t] << 8 | block[4 * t + k];
  }
  for (std::size_t t = 16; t < 64; ++t) {
    const std::uint32_t a = w[t - 15], b = w[t - 2];
    w[t] = w[t - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[t - 7] +
           (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t t = 0; t < 64; ++t) {
    const std::uint32_t first = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                                ((e & f) ^ (~e & g)) + constants[t] + w[t];
    const std::uint32_t second =
        (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + second;
  }
  const std::uint32_t step[] = {a, b, c, d, e, f, g, h};
  for (std::size_t k = 0; k < 8; ++k) state[k] += step[k];
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string padded(bytes);
  padded.push_back('\x80');
  while (padded.size() % 64 != 56) padded.push_back('\0');
  const std::uint64_t bits = 8 * static_cast<std::uint64_t>(bytes.size());
  for (int shift = 56; shift >= 0; shift -= 8) padded.push_back(static_cast<char>(bits >> shift & 0xff));

  static const Words square_roots = fractional_roots(2);
  std::array<std::uint32_t, 8> state{};
  for (std::size_t k = 0; k < 8; ++k) state[k] = square_roots[k];
  for (std::size_t start = 0; start < padded.size(); start += 64) {
    absorb(state, reinterpret_cast<const unsigned char*>(padded.data()) + start);
  }
  std::string text;
  for (const std::uint32_t word : state) {
    for (int shift = 28; shift >= 0; shift -= 4) text.push_back("0123456789abcdef"[word >> shift & 0xf]);
  }
  return text;
}

}  // namespace promptbound
