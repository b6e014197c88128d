// Which pixels the partial sums of a channel are over: an image's on the CPU, runs of an image's pixels on a GPU.
#pragma once

#include "bench/kernels/case.h"
#include "kernels/parts_math.h"
#include "kernels/statistics.h"

namespace thorax::bench {

class Parts {
 public:
  Parts(const Stream& stream, int64_t images, int64_t channels, int64_t height, int64_t width)
      : images_(images),
        channels_(channels),
        pixels_(height * width),
        width_(width),
        parts_(partial_sums(stream, images, pixels_)) {}
  Shape shape() const { return {parts_, 2, channels_}; }

  Range pixels(int64_t part) const {
    const int64_t per_image = parts_ / images_;
    return per_image == 1 ? Range{0, pixels_} : pixels_of_part(part % per_image, pixels_);
  }
  // f(place, whether element i is of the second sum) over the pixels of element i of [parts,2,channels].
  template <class F>
  void each_pixel(int64_t i, const F& f) const {
    const int64_t part = i / (2 * channels_), c = i % channels_;
    const Range range = pixels(part);
    Index p({images_, channels_, 1, 1}, 0);
    p.n = part / (parts_ / images_);
    p.c = c;
    for (int64_t k = range.first; k < range.last; ++k) {
      p.h = k / width_;
      p.w = k % width_;
      f(p, i / channels_ % 2 == 1);
    }
  }

 private:
  int64_t images_, channels_, pixels_, width_, parts_;
};

}  // namespace thorax::bench
