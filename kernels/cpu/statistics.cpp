#include "kernels/statistics.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// Mean and M2 of a run of pixels of one channel block, merged chunk by chunk. A chunk stays in the first-level cache between its
// two passes.
struct Moments {
  Vec mean{};
  Vec m2{};
  float count = 0;

  template <class T>
  void add_chunk(const T* x, int64_t pixels) {
    Vec sum{};
    for (int64_t i = 0; i < pixels; ++i) sum += load(x + i * block);
    const auto n = static_cast<float>(pixels);
    const Vec chunk_mean = sum / n;
    Vec squares{};
    for (int64_t i = 0; i < pixels; ++i) {
      const Vec d = load(x + i * block) - chunk_mean;
      squares = fma(d, d, squares);
    }
    const Vec delta = chunk_mean - mean;
    const float all = count + n;
    mean += delta * (n / all);
    m2 += squares + delta * delta * (count * (n / all));
    count = all;
  }
};

constexpr int64_t chunk_pixels = 256;

template <class From, class To>
void copy_block(const From* from, To* to, int64_t pixels) {
  for (int64_t i = 0; i < pixels; ++i) store(to + i * block, load(from + i * block));
}

}  // namespace

void channel_statistics(const Stream& stream, const Slice& x, float* partial) {
  const int64_t pixels = x.pixels();
  with_type(x.buffer.dtype, [&](auto type) {
    using T = decltype(type);
    for_blocks(stream, x, [&](int64_t n, int64_t c) {
      const T* p = x.at<T>(n) + c * pixels;
      Moments moments;
      for (int64_t i = 0; i < pixels; i += chunk_pixels) moments.add_chunk(p + i * block, std::min(chunk_pixels, pixels - i));
      store(partial + n * 2 * x.channels + c, moments.mean);
      store(partial + (n * 2 + 1) * x.channels + c, moments.m2);
    });
  });
}

void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial) {
  const int64_t pixels = to.pixels();
  with_type(from.buffer.dtype, [&](auto from_type) {
    with_type(to.buffer.dtype, [&](auto to_type) {
      using From = decltype(from_type);
      using To = decltype(to_type);
      for_blocks(stream, to, [&](int64_t n, int64_t c) {
        const From* source = from.at<From>(n) + c * pixels;
        To* target = to.at<To>(n) + c * pixels;
        Moments moments;
        for (int64_t i = 0; i < pixels; i += chunk_pixels) {
          const int64_t count = std::min(chunk_pixels, pixels - i);
          copy_block(source + i * block, target + i * block, count);
          if (partial != nullptr) moments.add_chunk(target + i * block, count);
        }
        if (partial == nullptr) return;
        store(partial + n * 2 * to.channels + c, moments.mean);
        store(partial + (n * 2 + 1) * to.channels + c, moments.m2);
      });
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
