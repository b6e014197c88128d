// Sums over the pixels of one channel block, in several accumulators side by side: an addition need not wait for the one before.
#pragma once

#include "kernels/cpu/simd.h"

namespace thorax::cpu::THORAX_ISA {

struct Lanes {
  Vec part[4]{};
  Vec total() const { return (part[0] + part[1]) + (part[2] + part[3]); }
};

// f(i, lane) for i in [begin, end), lane = 0..3; the lane of an i depends on begin and end alone.
template <class F>
inline void for_lanes(int64_t begin, int64_t end, const F& f) {
  int64_t i = begin;
  for (; i + 4 <= end; i += 4) {
    f(i, 0);
    f(i + 1, 1);
    f(i + 2, 2);
    f(i + 3, 3);
  }
  for (; i < end; ++i) f(i, 0);
}

}  // namespace thorax::cpu::THORAX_ISA
