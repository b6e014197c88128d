#include "kernels/add.h"

#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

template <bool relu>
void forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  const int64_t count = a.pixels() * block;
  with_type(a.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(a), [&](int64_t i) {
      const T* left = plane<T>(a, i);
      const T* right = plane<T>(b, i);
      T* to = plane<T>(y, i);
      for (int64_t p = 0; p < count; p += block) {
        Vec v = load(left + p) + load(right + p);
        if constexpr (relu) v = v <= 0.0F ? Vec{} : v;
        store(to + p, v);
      }
    });
  });
}

// y: null without a ReLU.
template <class T>
void backward_plane(int64_t count, const T* dy, const T* y, T* da, bool accumulate_a, T* db, bool accumulate_b) {
  for (int64_t p = 0; p < count; p += block) {
    Vec v = load(dy + p);
    if (y != nullptr) v = where(load(y + p) > 0.0F, v);
    if (da != nullptr) put(da + p, v, accumulate_a);
    if (db != nullptr) put(db + p, v, accumulate_b);
  }
}

void backward(const Stream& stream, const Slice& dy, const Slice* y, const Slice& da, bool accumulate_a, const Slice& db,
              bool accumulate_b) {
  with_type(dy.buffer.dtype, [&]<class T>(T) {
    parallel_for(stream.threads, planes(dy), [&](int64_t i) {
      backward_plane<T>(dy.pixels() * block, plane<T>(dy, i), y != nullptr ? plane<T>(*y, i) : nullptr,
                        da.buffer ? plane<T>(da, i) : nullptr, accumulate_a, db.buffer ? plane<T>(db, i) : nullptr, accumulate_b);
    });
  });
}

}  // namespace

void add_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  forward<false>(stream, a, b, y);
}

void add_relu_forward(const Stream& stream, const Slice& a, const Slice& b, const Slice& y) {
  forward<true>(stream, a, b, y);
}

void add_backward(const Stream& stream, const Slice& dy, const Slice& da, bool accumulate_a, const Slice& db, bool accumulate_b) {
  backward(stream, dy, nullptr, da, accumulate_a, db, accumulate_b);
}

void add_relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& da, bool accumulate_a, const Slice& db,
                       bool accumulate_b) {
  backward(stream, dy, &y, da, accumulate_a, db, accumulate_b);
}

}  // namespace thorax::cpu::THORAX_ISA
