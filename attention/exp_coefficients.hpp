/// The numbers behind the kernels' powers of two. proofs/certificates/exp2.v proves the distances of
/// polynomials and tables from the true powers and proofs/gappa/exp2_*.gappa the rounding errors; a test
/// compares the values there with the ones here.
///
/// There are two ways. The first keeps multiplications few. Arguments are in units: x stands for 2^(x/unit),
/// unit = 1/4 in binary32 and 1/8 in binary64. An argument is n unit + j unit/N + g with N = 16 (8) table
/// entries 2^(j/N), and 2^(g/unit) = 1 + factor g P(g). The leading coefficient of P is 1: by chance that of
/// g^3 (g^7) is almost a power of two, 2^-4 (2^-16) for unit 1, and the unit makes it a whole one, an
/// addition to the exponent.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace promptbound::exp_coefficients {

/// The format of T.
template <class T>
inline constexpr int mantissa_bits = sizeof(T) == 4 ? 23 : 52;
/// N = 2^index_bits.
template <class T>
inline constexpr int index_bits = sizeof(T) == 4 ? 4 : 3;
/// unit = 2^-unit_bits.
template <class T>
inline constexpr int unit_bits = sizeof(T) == 4 ? 2 : 3;
template <class T>
inline constexpr T unit = T(1) / (1 << unit_bits<T>);
/// factor = 2^factor_bits.
template <class T>
inline constexpr int factor_bits = sizeof(T) == 4 ? 2 : 5;

/// P(g) = (g + a0) g + a1 for |g| <= 1/128.
inline constexpr float single[2] = {0x1.ec00ep-1F, 0x1.62e384p-1F};

/// P(g) = (w + (z + a4)) w + a5 with z = (g + a0) g + a1, w = (g + a2) z + a3, for |g| <= 1/128: three
/// multiplications for degree 6 (Knuth, The Art of Computer Programming 2, 4.6.4). In this unit z, w and P
/// are of like size, so that their roundings are not magnified.
inline constexpr double fine[6] = {0x1.d03249c73a558p-2, 0x1.0e6192d6184c5p-1,  -0x1.4a167084dfa50p-2,
                                   0x1.4c3f2ce86146ap-1, -0x1.97692afff392dp-1, 0x1.27f7a32ee6c18p-4};

/// 2^(j/16) and 2^(j/8), rounded to nearest.
inline constexpr float sixteenths[16] = {0x1p0F,        0x1.0b5586p0F, 0x1.172b84p0F, 0x1.2387a6p0F,
                                         0x1.306fep0F,  0x1.3dea64p0F, 0x1.4bfdaep0F, 0x1.5ab07ep0F,
                                         0x1.6a09e6p0F, 0x1.7a1148p0F, 0x1.8ace54p0F, 0x1.9c4918p0F,
                                         0x1.ae89fap0F, 0x1.c199bep0F, 0x1.d5818ep0F, 0x1.ea4afap0F};
inline constexpr double eighths[8] = {0x1p0,
                                      0x1.172b83c7d517bp0,
                                      0x1.306fe0a31b715p0,
                                      0x1.4bfdad5362a27p0,
                                      0x1.6a09e667f3bcdp0,
                                      0x1.8ace5422aa0dbp0,
                                      0x1.ae89f995ad3adp0,
                                      0x1.d5818dcfba487p0};

/// Returns the bits of the entries less j/N of an exponent: adding n N + j at the exponent's place makes 2^(n
/// + j/N).
template <class Bits, class T, std::size_t count>
constexpr std::array<Bits, count> without_index(const T (&table)[count]) {
  std::array<Bits, count> result{};
  for (std::size_t j = 0; j < count; ++j)
    result[j] = std::bit_cast<Bits>(table[j]) - (static_cast<Bits>(j) << (mantissa_bits<T> - index_bits<T>));
  return result;
}
template <class T>
alignas(64) inline constexpr auto table_bits = [] {
  if constexpr (sizeof(T) == 4) {
    return without_index<std::int32_t>(sixteenths);
  } else {
    return without_index<std::int64_t>(eighths);
  }
}();

/// The second way keeps operations of every kind few, with instructions that split an argument x into n + f,
/// 0 <= f <= 1, and scale by 2^n. In binary32 2^f is the polynomial 1 + f P(f), the coefficients of P from
/// the highest degree on.
inline constexpr float scaled_single[5] = {0x1.e96912p-10F, 0x1.277c1cp-7F, 0x1.c91c1p-5F, 0x1.ebdb6ap-3F,
                                           0x1.62e4bap-1F};
/// The coefficients of P in binary64, where x = n + j/16 + f, 0 <= f <= 1/16, and 2^(j/16 + f) is t + t f
/// P(f) with the table's entry t.
inline constexpr double scaled_double[6] = {0x1.4a03b26ef5189p-13, 0x1.5d7517dcfa561p-10,
                                            0x1.3b2ad01b225b5p-7,  0x1.c6b08d4e90bdap-5,
                                            0x1.ebfbdff841237p-3,  0x1.62e42fefa39abp-1};
alignas(64) inline constexpr double double_sixteenths[16] = {0x1p0,
                                                             0x1.0b5586cf9890fp0,
                                                             0x1.172b83c7d517bp0,
                                                             0x1.2387a6e756238p0,
                                                             0x1.306fe0a31b715p0,
                                                             0x1.3dea64c123422p0,
                                                             0x1.4bfdad5362a27p0,
                                                             0x1.5ab07dd485429p0,
                                                             0x1.6a09e667f3bcdp0,
                                                             0x1.7a11473eb0187p0,
                                                             0x1.8ace5422aa0dbp0,
                                                             0x1.9c49182a3f09p0,
                                                             0x1.ae89f995ad3adp0,
                                                             0x1.c199bdd85529cp0,
                                                             0x1.d5818dcfba487p0,
                                                             0x1.ea4afa2a490dap0};

/// Relative error of the powers of two computed in either way, where they do not underflow; that of the first
/// holds with and without fused multiply-add.
template <class T>
inline constexpr double error = 0;
template <>
inline constexpr double error<float> = 0x1.9p-23;
template <>
inline constexpr double error<double> = 0x1.4p-52;

}  // namespace promptbound::exp_coefficients
