// Random changes of a training image, as functions of (seed, epoch, index) alone.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/rng.h"

namespace thorax::data {

struct Augment {
  bool flip = false;  // left and right exchanged, every second image
  double shift = 0;   // up to this part of the side, in both directions
  double scale = 0;   // by a factor from 1 - scale to 1 + scale; below 1
  double rotate = 0;  // up to this many degrees, either way
  bool any() const { return flip || shift > 0 || scale > 0 || rotate > 0; }
};

// plane: [size,size]; the result too. Mirrored, then turned and zoomed about the centre, then moved; all in one bilinear
// sampling. What lies outside the image is its nearest edge pixel: a black border would show the network what was done, and
// darken the image. rng: numbers 8 * index ... 8 * index + 7 of the generator are used.
std::vector<uint8_t> augment(const std::vector<uint8_t>& plane, int64_t size, const Augment& options, const Rng& rng,
                             uint64_t index);

}  // namespace thorax::data
