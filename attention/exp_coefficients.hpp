/// The polynomials behind the kernels' power of two. proofs/attention/exp2.v proves their approximation
/// errors and proofs/attention/*.gappa the rounding errors; a test compares the values there with the ones
/// here.
#pragma once

namespace promptbound::exp_coefficients {

/// 2^f ~ 1 + f (c1 + f (c2 + ... )) for |f| <= 1/2, coefficients binary32. The constant term is exactly 1, so
/// that the power of 0 is exactly 1.
inline constexpr float single[5] = {0x1.62e42ap-1F, 0x1.ebf9bap-3F, 0x1.c6b69ap-5F, 0x1.3ceaf8p-7F,
                                    0x1.5bfd58p-10F};

/// The same for |f| <= 1/32, coefficients binary64.
inline constexpr double fine[6] = {0x1.62e42fefa39fdp-1, 0x1.ebfbdff82c553p-3,  0x1.c6b08d6e8ccacp-5,
                                   0x1.3b2ab6fe2ce32p-7, 0x1.5d89bd6282f85p-10, 0x1.4308149168d76p-13};

/// 2^(j/16), j = 0 .. 15, rounded to nearest.
alignas(64) inline constexpr double sixteenths[16] = {0x1p0,
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

/// Relative error of the computed power of two, where it does not underflow; holds with and without fused
/// multiply-add.
template <class T>
inline constexpr double error = 0;
template <>
inline constexpr double error<float> = 0x1.0p-22;
template <>
inline constexpr double error<double> = 0x1.2p-52;

}  // namespace promptbound::exp_coefficients
