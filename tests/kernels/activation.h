// Activations of the device's layout for the tests of kernels: read and written one element at a time, whole or as a slice of a
// larger buffer.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/isa.h"
#include "tensor/element.h"
#include "tensor/rng.h"
#include "tensor/slice.h"
#include "tensor/stream.h"
#include "tests/device.h"
#include "tests/tolerance.h"

namespace thorax::test {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// f(n, c, h, w) over a shape of rank 4.
template <class F>
void each(const Shape& s, const F& f) {
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t c = 0; c < s[1]; ++c)
      for (int64_t h = 0; h < s[2]; ++h)
        for (int64_t w = 0; w < s[3]; ++w) f(n, c, h, w);
}

class Activation {
 public:
  // sliced: lies in a buffer with one image more before it and one block of channels more on both sides. All NaN at first.
  Activation(const Shape& logical, DType type, bool sliced = false) : shape(logical), dtype(type) {
    const int64_t b = channel_block();
    const Shape whole = sliced ? Shape{shape[0] + 1, shape[1] + 2 * b, shape[2], shape[3]} : shape;
    bytes.resize(static_cast<size_t>(whole.count()) * size_of(type));
    Tensor buffer{bytes.data(), whole, type, test_layout()};
    slice = sliced ? Slice(buffer, 1, shape[0], b, shape[1]) : Slice(buffer);
    for (int64_t i = 0; i < whole.count(); ++i) put(i, not_a_number);
  }
  Activation(const Activation&) = delete;
  Activation& operator=(const Activation&) = delete;

  double get(int64_t n, int64_t c, int64_t h, int64_t w) const {
    const auto at = static_cast<size_t>(offset(n, c, h, w));
    if (dtype == DType::u8) return bytes[at];
    return static_cast<double>(element(slice.buffer, static_cast<int64_t>(at)));
  }
  void set(int64_t n, int64_t c, int64_t h, int64_t w, double value) { put(offset(n, c, h, w), value); }
  void fill(double value) {
    each(shape, [&](auto... at) { set(at..., value); });
  }
  // Uniform in [-1, 1), a function of the seed and of the place.
  Activation& random(uint64_t seed) {
    uint64_t i = 0;
    each(shape, [&](auto... at) { set(at..., Rng(seed, 0).uniform(i++, -1, 1)); });
    return *this;
  }
  // Whether all that lies in the buffer outside the slice is still NaN.
  bool outside_untouched() const {
    int64_t known = 0;
    for (int64_t i = 0; i < slice.buffer.count(); ++i) known += std::isnan(element(slice.buffer, i)) ? 0 : 1;
    return known == shape.count();
  }

  Shape shape;
  DType dtype;
  std::vector<uint8_t> bytes;
  Slice slice;

 private:
  int64_t offset(int64_t n, int64_t c, int64_t h, int64_t w) const {
    const int64_t b = channel_block();
    const int64_t channel = slice.channel + c;
    const Shape& s = slice.buffer.shape;
    if (on_gpu()) return (((slice.image + n) * s[2] + h) * s[3] + w) * s[1] + channel;
    return ((((slice.image + n) * (s[1] / b) + channel / b) * s[2] + h) * s[3] + w) * b + channel % b;
  }
  void put(int64_t at, double value) {
    if (dtype == DType::u8) {
      bytes[static_cast<size_t>(at)] = static_cast<uint8_t>(std::isnan(value) ? 255 : value);
    } else {
      set_element(slice.buffer, at, static_cast<float>(value));
    }
  }
};

// A plain f32 tensor with its memory.
struct Plain {
  explicit Plain(const Shape& shape, double value = not_a_number)
      : values(static_cast<size_t>(shape.count()), static_cast<float>(value)),
        tensor{values.data(), shape, DType::f32, Layout::plain} {}
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  Plain& random(uint64_t seed, float scale = 1) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = Rng(seed, 1).uniform(i, -scale, scale);
    return *this;
  }
  float& operator[](int64_t i) { return values[static_cast<size_t>(i)]; }
  std::vector<float> values;
  Tensor tensor;
};

// (f(x + step) - f(x - step)) / (2 step), x being restored.
template <class F>
double central_difference(float& x, float step, const F& f) {
  const float before = x;
  x = before + step;
  const double up = f();
  x = before - step;
  const double down = f();
  x = before;
  return (up - down) / (2.0 * static_cast<double>(step));
}

const Stream one_thread = test_stream(1);
const Stream two_threads = test_stream(2);

}  // namespace thorax::test
