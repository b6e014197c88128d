#include "kernels/normalize.h"

#include "kernels/cpu/partial.h"
#include "kernels/cpu/plane.h"
#include "kernels/normalize_math.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

struct Scaling {
  float mean, deviation;
};

Vec normalized_block(const uint8_t* from, const Scaling& s) {
  float values[THORAX_BLOCK];
  for (int64_t i = 0; i < block; ++i) values[i] = normalized(from[i], s.mean, s.deviation);
  return load(values);
}

template <class T>
void normalize_run(const uint8_t* from, const Scaling& s, T* to, int64_t count) {
  int64_t i = 0;
  for (; i + block <= count; i += block) store(to + i, normalized_block(from + i, s));
  if (i == count) return;
  uint8_t last[THORAX_BLOCK] = {};
  T values[THORAX_BLOCK];
  std::memcpy(last, from + i, static_cast<size_t>(count - i));
  store(values, normalized_block(last, s));
  std::memcpy(to + i, values, static_cast<size_t>(count - i) * sizeof(T));
}

// One row of a moved image, some pixels at a time.
template <class T>
void normalize_moved_row(const uint8_t* plane, int64_t size, const SampleMap& move, int64_t row, const Scaling& s, T* to) {
  constexpr int64_t most = 256;
  uint8_t pixels[most];
  for (int64_t first = 0; first < size; first += most) {
    const int64_t count = std::min(most, size - first);
    for (int64_t i = 0; i < count; ++i) pixels[i] = moved_pixel(plane, size, move, first + i, row);
    normalize_run(pixels, s, to + first, count);
  }
}

}  // namespace

void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y, const SampleMap* moves) {
  const uint8_t* from = x.as<uint8_t>();
  const Scaling s{mean, deviation};
  with_type(y.dtype, [&]<class T>(T) {
    T* to = y.as<T>();
    if (moves == nullptr) {
      parallel_pieces(stream.threads, x.count(),
                      [&](int64_t begin, int64_t end) { normalize_run(from + begin, s, to + begin, end - begin); });
      return;
    }
    const int64_t size = x.shape[3];
    parallel_for(stream.threads, x.shape[0] * size, [&](int64_t i) {
      const int64_t image = i / size;
      normalize_moved_row(from + image * size * size, size, moves[image], i % size, s, to + i * size);
    });
  });
}

}  // namespace thorax::cpu::THORAX_ISA
