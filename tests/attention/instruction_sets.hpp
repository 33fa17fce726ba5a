/// Tests under each instruction set that the kernels are compiled for.
#pragma once

#include <doctest/doctest.h>
#include <hwy/targets.h>

#include <promptbound/attention/exact/exact_kernel.hpp>

namespace promptbound {

/// Runs the body with each instruction set that this machine has.
template <class Body>
void for_each_instruction_set(Body body) {
  for (const std::int64_t target : {HWY_AVX3, HWY_AVX2, HWY_NEON, HWY_EMU128, HWY_SCALAR}) {
    hwy::SetSupportedTargetsForTest(0);
    if ((hwy::SupportedTargets() & target) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    CAPTURE(instruction_set());
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace promptbound
