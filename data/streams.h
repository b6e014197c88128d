// Which random numbers are for what: every purpose has streams of its own under the run's seed.
#pragma once

#include <cstdint>

#include "tensor/rng.h"

namespace thorax::data {

enum class Purpose : uint8_t {
  order = 0xD1,
  augment,
  split,
  phantom_image,
  phantom_noise,
  phantom_patient,
  class_order,
  class_images,
  uncertain,
  phantom_findings,
  phantom_storage
};

// number: an epoch, an image, ...; below 2^56.
inline uint64_t stream(Purpose purpose, uint64_t number = 0) {
  return static_cast<uint64_t>(purpose) << 56 | number;
}

}  // namespace thorax::data
