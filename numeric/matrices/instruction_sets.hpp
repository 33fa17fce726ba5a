// Which instruction sets the kernels are compiled for: AVX-512, AVX2 with FMA, and the compiler's baseline.
// Vectors of unknown length cannot hold the kernels' tiles. To be included before anything of Highway.
#pragma once

#define HWY_DISABLED_TARGETS \
  (HWY_AVX3_DL | HWY_SSE4 | HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
