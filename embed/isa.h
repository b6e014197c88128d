// What the processor can do, asked when it is needed: nothing runs before the first call, and nothing is kept.
#pragma once

#include "embed/bf16_kernels.h"
#include "embed/kernels.h"

namespace thorax::embed {

// The best kernels up to THORAX_ISA_...; NULL: the limit names another processor's.
const Kernels* kernels_up_to(int limit);

// The best kernels in bf16 up to THORAX_ISA_...; NULL: the processor has none, or they are above the limit. Asks the system for
// the matrix registers, which it lends on request alone.
const Bf16Kernels* bf16_kernels_up_to(int limit);

// SHA-256 over whole blocks with the processor's own instructions; NULL: it has none.
// constants: of the 64 rounds.
using Sha256Blocks = void (*)(uint32_t state[8], const uint8_t* bytes, size_t count, const uint32_t* constants);
Sha256Blocks sha256_blocks();

// For the time of its life arithmetic is the standard's: round to nearest, denormals kept, nothing trapped. Then as before.
class StandardArithmetic {
 public:
  StandardArithmetic();
  ~StandardArithmetic();
  StandardArithmetic(const StandardArithmetic&) = delete;
  StandardArithmetic& operator=(const StandardArithmetic&) = delete;

 private:
  uint64_t before_;
};

}  // namespace thorax::embed
