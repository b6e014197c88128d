// Where an element of a convolution's filter lies: [O,I,k,k] in the Store and in files, [O,k,k,I] where cuDNN reads it.
#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

// For element `packed` of [O,area,I] its place in [O,I,area]; area: k*k.
THORAX_HD inline int64_t plain_place(int64_t packed, int64_t in, int64_t area) {
  const int64_t i = packed % in;
  const int64_t cell = packed / in % area;
  return (packed / (in * area) * in + i) * area + cell;
}

}  // namespace thorax
