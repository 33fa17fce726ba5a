/// The numbers behind the exponential of binary64 intervals. proofs/certificates/exp_interval.v and
/// proofs/gappa/exp_interval.gappa prove its error; a test compares the numbers there with these.
#pragma once

namespace promptbound::exp_interval {

/// ln 2 = high + low to within 2^-102; high has 42 bits.
inline constexpr double log2_high = 0x1.62e42fefa38p-1;
inline constexpr double log2_low = 0x1.ef35793c7673p-45;

/// 1/i! for i = 0..13, each rounded to nearest.
inline constexpr double coefficients[] = {1.0,
                                          1.0,
                                          1.0 / 2,
                                          1.0 / 6,
                                          1.0 / 24,
                                          1.0 / 120,
                                          1.0 / 720,
                                          1.0 / 5040,
                                          1.0 / 40320,
                                          1.0 / 362880,
                                          1.0 / 3628800,
                                          1.0 / 39916800,
                                          1.0 / 479001600,
                                          1.0 / 6227020800.0};

}  // namespace promptbound::exp_interval
