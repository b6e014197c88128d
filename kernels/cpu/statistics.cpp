#include "kernels/statistics.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// A chunk (at most 16 KiB) stays in the first-level cache between its two sweeps.
constexpr int64_t chunk_pixels = 256;

// Mean and M2 of the pixels of one channel block, taken chunk by chunk in fp32 and merged in double: the error does not grow with
// the size of the image.
class Moments {
 public:
  template <class T>
  void add_chunk(const T* x, int64_t pixels) {
    Lanes sum;
    for_lanes(0, pixels, [&](int64_t i, int lane) { sum.part[lane] += load(x + i * block); });
    const Vec chunk_mean = sum.total() / static_cast<float>(pixels);
    Lanes squares;
    for_lanes(0, pixels, [&](int64_t i, int lane) {
      const Vec d = load(x + i * block) - chunk_mean;
      squares.part[lane] = fma(d, d, squares.part[lane]);
    });
    merge(to_double(chunk_mean), to_double(squares.total()), static_cast<double>(pixels));
  }
  // partial: [images, 2, channels] at the image and channel.
  void store_to(float* partial, int64_t channels) const {
    store(partial, to_single(mean_));
    store(partial + channels, to_single(m2_));
  }

 private:
  void merge(DoubleVec mean, DoubleVec m2, double count) {
    const DoubleVec delta = mean - mean_;
    const double share = count / (count_ + count);
    mean_ += delta * share;
    m2_ += m2 + delta * delta * (count_ * share);
    count_ += count;
  }

  DoubleVec mean_{};
  DoubleVec m2_{};
  double count_ = 0;
};

template <class From, class To>
void copy_chunk(const From* from, To* to, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i) store(to + i * block, load(from + i * block));
}

}  // namespace

void channel_statistics(const Stream& stream, const Slice& x, float* partial) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const T* p = x.at<T>(n) + c * pixels;
      Moments moments;
      for (int64_t i = 0; i < pixels; i += chunk_pixels) moments.add_chunk(p + i * block, std::min(chunk_pixels, pixels - i));
      moments.store_to(partial + n * 2 * x.channels + c, x.channels);
    });
  });
}

void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial) {
  const int64_t pixels = to.pixels();
  with_type(from.buffer.dtype, [&]<class From>(From) {
    with_type(to.buffer.dtype, [&]<class To>(To) {
      for_blocks(stream, to, [&](int64_t n, int64_t c) {
        const From* source = from.at<From>(n) + c * pixels;
        To* target = to.at<To>(n) + c * pixels;
        if (partial == nullptr) return copy_chunk(source, target, pixels);
        Moments moments;
        for (int64_t i = 0; i < pixels; i += chunk_pixels) {
          const int64_t count = std::min(chunk_pixels, pixels - i);
          copy_chunk(source + i * block, target + i * block, count);
          moments.add_chunk(target + i * block, count);
        }
        moments.store_to(partial + n * 2 * to.channels + c, to.channels);
      });
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
