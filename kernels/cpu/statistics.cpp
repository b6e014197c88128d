#include "kernels/statistics.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// Mean and M2 of one image's channel block, taken in one sweep: fp32 sums around a pivot over runs of pixels, merged in double.
// The pivot is the mean of the pixels before the run (of a few pixels at first): where it is far from the run's mean, the two
// means' distance is itself part of M2, so that what cancels is always small against what remains.
class Moments {
 public:
  // value(i): what memory holds at pixel i; called in order, more than once only for the first few.
  template <class Value>
  Moments(int64_t pixels, const Value& value) {
    constexpr int64_t run_pixels = 256;
    Vec pivot = start(std::min<int64_t>(pixels, 16), value);
    for (int64_t begin = 0; begin < pixels; begin += run_pixels) {
      const int64_t end = std::min(pixels, begin + run_pixels);
      Lanes differences;
      Lanes squares;
      for_lanes(begin, end, [&](int64_t i, int lane) {
        const Vec d = value(i) - pivot;
        differences.part[lane] += d;
        squares.part[lane] = fma(d, d, squares.part[lane]);
      });
      merge(to_double(pivot), to_double(differences.total()), to_double(squares.total()), static_cast<double>(end - begin));
      pivot = to_single(mean_);
    }
  }
  // partial: [images, 2, channels] at the image and channel.
  void store_to(float* partial, int64_t channels) const {
    store(partial, to_single(mean_));
    store(partial + channels, to_single(m2_));
  }

 private:
  template <class Value>
  static Vec start(int64_t pixels, const Value& value) {
    Vec sum{};
    for (int64_t i = 0; i < pixels; ++i) sum += value(i);
    return sum / static_cast<float>(pixels);
  }
  // Chan, Golub & LeVeque 1983, of sums around a pivot.
  void merge(DoubleVec pivot, DoubleVec differences, DoubleVec squares, double count) {
    const DoubleVec offset = differences / count;
    const DoubleVec delta = pivot + offset - mean_;
    const double share = count / (count_ + count);
    mean_ += delta * share;
    m2_ += squares - differences * offset + delta * delta * (count_ * share);
    count_ += count;
  }

  DoubleVec mean_{};
  DoubleVec m2_{};
  double count_ = 0;
};

}  // namespace

void channel_statistics(const Stream& stream, const Slice& x, float* partial) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&]<class T>(T) {
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const T* p = x.at<T>(n) + c * pixels;
      Moments(pixels, [&](int64_t i) { return load(p + i * block); }).store_to(partial + n * 2 * x.channels + c, x.channels);
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
        const auto copy = [&](int64_t i) { return stored(target + i * block, load(source + i * block)); };
        if (partial != nullptr) {
          Moments(pixels, copy).store_to(partial + n * 2 * to.channels + c, to.channels);
        } else {
          for (int64_t i = 0; i < pixels; ++i) copy(i);
        }
      });
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
