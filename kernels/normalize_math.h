#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace thorax {

// Three operations, each rounded to float: a division by 255 and by the deviation, not a product with their inverses.
THORAX_HD inline float normalized(uint8_t grey, float mean, float deviation) {
  return (static_cast<float>(grey) / 255.0F - mean) / deviation;
}

}  // namespace thorax
