// Random changes of a training image, as functions of (seed, epoch, index) alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/augment_math.h"
#include "tensor/rng.h"

namespace thorax::data {

struct Augment {
  bool flip = false;  // left and right exchanged, every second image
  double shift = 0;   // up to this part of the side, in both directions
  double scale = 0;   // by a factor from 1 - scale to 1 + scale; below 1
  double rotate = 0;  // up to this many degrees, either way
  bool any() const { return flip || shift > 0 || scale > 0 || rotate > 0; }
};

// One such change: mirrored, then turned and zoomed about the centre, then moved.
struct Transform {
  bool mirror = false;
  double degrees = 0;
  double zoom = 1;
  double shift_x = 0, shift_y = 0;  // in pixels
};

// plane: [size,size]; the result too. All in one bilinear sampling. What lies outside the image is its nearest edge pixel: a
// black border would show the network what was done, and darken the image.
std::vector<uint8_t> transformed(const std::vector<uint8_t>& plane, int64_t size, const Transform& transform);

// The same as kernels take it.
SampleMap map_of(const Transform& transform);

// Drawn from rng, of which numbers 8 * index ... 8 * index + 7 are used.
Transform draw_transform(const Augment& options, int64_t size, const Rng& rng, uint64_t index);

}  // namespace thorax::data
