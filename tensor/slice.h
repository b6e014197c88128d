// A Slice is some images and some channels of an activation buffer: what a dense block's layers read and append.
#pragma once

#include "tensor/tensor.h"

namespace thorax {

// buffer: [N,C,H,W], blocked or nhwc. In the blocked layout a channel slice of one image is contiguous, because channels are the
// second dimension: [N, C/b, H, W, b], channel and channels being multiples of b.
struct Slice {
  Tensor buffer;
  int64_t image = 0;
  int64_t images = 0;
  int64_t channel = 0;
  int64_t channels = 0;

  Slice() = default;
  Slice(const Tensor& whole)  // NOLINT(google-explicit-constructor): a tensor is the slice of all it has
      : buffer(whole), images(whole.shape[0]), channels(whole.shape[1]) {}
  Slice(const Tensor& whole, int64_t first_image, int64_t image_count, int64_t first_channel, int64_t channel_count)
      : buffer(whole), image(first_image), images(image_count), channel(first_channel), channels(channel_count) {}

  int64_t pixels() const { return buffer.shape[2] * buffer.shape[3]; }
  // Where image i of the slice (0-based within the slice) begins; blocked layout.
  template <class T>
  [[gnu::always_inline]] T* at(int64_t i) const {
    return buffer.as<T>() + ((image + i) * buffer.shape[1] + channel) * pixels();
  }
};

// Where a slice of the blocked layout begins, whatever its element type: what a library's convolution is given.
inline void* slice_address(const Slice& s) {
  const int64_t elements = (s.image * s.buffer.shape[1] + s.channel) * s.pixels();
  return static_cast<std::byte*>(s.buffer.data) + elements * static_cast<int64_t>(size_of(s.buffer.dtype));
}

}  // namespace thorax
