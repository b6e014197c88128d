// From a caller's raw pixels to the network's grey bytes, as the trainer makes them (a test compares), row by row: no copy of the
// image is made.
#pragma once

#include "embed/error.h"
#include "embed/format.h"
#include "kernels/image_math.h"

namespace thorax::embed {

constexpr int max_image_side = 16384;

struct PreprocessMemory {
  uint8_t* table;          // [65536]: the grey of every value
  math::Tap* columns;      // [size]
  int32_t *above, *below;  // [size]
};

// image: taken over from the caller's. pixels: [size,size], overwritten.
thorax_status preprocess(const thorax_image& image, const RecipeRecord& recipe, const PreprocessMemory& memory, uint8_t* pixels,
                         thorax_error* error);

}  // namespace thorax::embed
