#include "bench/kernels/naive.h"

#include "bench/kernels/naive_math.h"
#include "kernels/dispatch.h"
#include "kernels/isa.h"
#include "tensor/element.h"

namespace thorax::bench::naive {

#ifdef THORAX_CUDA
namespace cuda {
void batch_norm_relu(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y);
void append(const Stream& stream, const Slice& from, const Slice& to, float* mean, float* variance);
void avg_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y);
void max_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y);
}  // namespace cuda
#endif

namespace {

// Elements of a slice of the blocked layout, by their logical place.
template <class T>
class Blocked {
 public:
  explicit Blocked(const Slice& s)
      : data_(s.buffer.as<T>()), block_(channel_block()), slice_(s), height_(s.buffer.shape[2]), width_(s.buffer.shape[3]) {}
  T& at(int64_t n, int64_t c, int64_t h, int64_t w) const {
    const int64_t channel = slice_.channel + c;
    const int64_t plane = (slice_.image + n) * (slice_.buffer.shape[1] / block_) + channel / block_;
    return data_[((plane * height_ + h) * width_ + w) * block_ + channel % block_];
  }
  float operator()(int64_t n, int64_t c, int64_t h, int64_t w) const { return to_float(at(n, c, h, w)); }
  void put(int64_t n, int64_t c, int64_t h, int64_t w, float value) const { assign(at(n, c, h, w), value); }

 private:
  T* data_;
  int64_t block_;
  Slice slice_;
  int64_t height_, width_;
};

// f(n, c, h, w) over a slice, images and channels side by side.
template <class F>
void each(const Stream& stream, const Slice& s, const F& f) {
  const int64_t height = s.buffer.shape[2], width = s.buffer.shape[3];
#pragma omp parallel for collapse(2) num_threads(stream.threads)
  for (int64_t n = 0; n < s.images; ++n)
    for (int64_t c = 0; c < s.channels; ++c)
      for (int64_t h = 0; h < height; ++h)
        for (int64_t w = 0; w < width; ++w) f(n, c, h, w);
}

void pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y, bool largest) {
  with_real(x.buffer.dtype, [&]<class T>(T) {
    const Blocked<T> from(x), to(y);
    const Size in{x.buffer.shape[2], x.buffer.shape[3]};
    each(stream, y,
         [&](int64_t n, int64_t c, int64_t h, int64_t w) { to.put(n, c, h, w, pooled(from, window, in, n, c, h, w, largest)); });
  });
}

}  // namespace

void batch_norm_relu(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  THORAX_RETURN_CUDA(batch_norm_relu, stream, x, norm, y);
  with_real(x.buffer.dtype, [&]<class T>(T) {
    const Blocked<T> from(x), to(y);
    each(stream, y,
         [&](int64_t n, int64_t c, int64_t h, int64_t w) { to.put(n, c, h, w, normalized(norm, c, from(n, c, h, w))); });
  });
}

void append(const Stream& stream, const Slice& from, const Slice& to, float* mean, float* variance) {
  THORAX_RETURN_CUDA(append, stream, from, to, mean, variance);
  with_real(from.buffer.dtype, [&]<class T>(T) {
    const Blocked<T> a(from), b(to);
    each(stream, to, [&](int64_t n, int64_t c, int64_t h, int64_t w) { b.put(n, c, h, w, a(n, c, h, w)); });
#pragma omp parallel for num_threads(stream.threads)
    for (int64_t c = 0; c < to.channels; ++c) moments(b, to.images, c, to.buffer.shape[2], to.buffer.shape[3], mean, variance);
  });
}

void avg_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  THORAX_RETURN_CUDA(avg_pool, stream, x, window, y);
  pool(stream, x, window, y, false);
}

void max_pool(const Stream& stream, const Slice& x, const Window& window, const Slice& y) {
  THORAX_RETURN_CUDA(max_pool, stream, x, window, y);
  pool(stream, x, window, y, true);
}

}  // namespace thorax::bench::naive
