// A batch norm with its input, its gradient and all that follows from them, in double: the oracle of the batch-norm kernels.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/batch_norm.h"
#include "kernels/statistics.h"
#include "tests/kernels/activation.h"

namespace thorax::test {

// f(n, h, w) over the pixels of one channel.
template <class F>
void each_pixel(const Shape& s, const F& f) {
  each({s[0], 1, s[2], s[3]}, [&](auto n, auto, auto h, auto w) { f(n, h, w); });
}

struct Sums {
  double dz = 0, dz_xhat = 0;            // sum dz, sum dz * xhat
  double dz_size = 0, dz_xhat_size = 0;  // the same of magnitudes
};

// x is uniform around `centre`; mean and variance are the batch's. No element lies at the kink of ReLU: |z| > margin everywhere.
class Problem {
 public:
  Problem(const Shape& s, DType type, bool sliced, double centre = 0)
      : shape(s), x(s, type, sliced), dy(s, type, sliced), mean(size()), variance(size()), gamma(size()), beta(size()) {
    x.random(1);
    dy.random(2);
    each(shape, [&](auto... at) { x.set(at..., x.get(at...) + centre); });
    for (size_t c = 0; c < size(); ++c) {
      gamma[c] = Rng(3, c).uniform(0, 0.5F, 1.5F) * (c % 3 == 0 ? -1.0F : 1.0F);
      beta[c] = Rng(3, c).uniform(1, -0.2F, 0.2F);
      keep_off_the_kink(static_cast<int64_t>(c));
    }
  }
  size_t size() const { return static_cast<size_t>(shape[1]); }
  int64_t count() const { return shape[0] * shape[2] * shape[3]; }
  BatchNorm norm() const { return {mean.data(), variance.data(), gamma.data(), beta.data(), eps}; }

  double rstd(int64_t c) const { return 1 / std::sqrt(of(variance, c) + static_cast<double>(eps)); }
  double a(int64_t c) const { return of(gamma, c) * rstd(c); }
  double xhat(int64_t n, int64_t c, int64_t h, int64_t w) const { return (x.get(n, c, h, w) - of(mean, c)) * rstd(c); }
  double z(int64_t n, int64_t c, int64_t h, int64_t w) const { return of(gamma, c) * xhat(n, c, h, w) + of(beta, c); }
  double y(bool relu, int64_t n, int64_t c, int64_t h, int64_t w) const {
    return relu ? std::max(0.0, z(n, c, h, w)) : z(n, c, h, w);
  }
  double dz(bool relu, int64_t n, int64_t c, int64_t h, int64_t w) const {
    return relu && z(n, c, h, w) <= 0 ? 0 : dy.get(n, c, h, w);
  }
  // Of one image.
  Sums sums(bool relu, int64_t n, int64_t c) const {
    Sums s;
    each_pixel({1, 1, shape[2], shape[3]}, [&](auto, auto h, auto w) {
      const double g = dz(relu, n, c, h, w);
      const double product = g * xhat(n, c, h, w);
      s.dz += g, s.dz_size += std::abs(g);
      s.dz_xhat += product, s.dz_xhat_size += std::abs(product);
    });
    return s;
  }
  // Of the batch.
  Sums sums(bool relu, int64_t c) const {
    Sums all;
    for (int64_t n = 0; n < shape[0]; ++n) {
      const Sums s = sums(relu, n, c);
      all.dz += s.dz, all.dz_size += s.dz_size, all.dz_xhat += s.dz_xhat, all.dz_xhat_size += s.dz_xhat_size;
    }
    return all;
  }
  // The textbook gradient, given sums(relu, c).
  double dx(bool relu, const Sums& s, int64_t n, int64_t c, int64_t h, int64_t w) const {
    const auto m = static_cast<double>(count());
    return a(c) * (dz(relu, n, c, h, w) - s.dz / m - xhat(n, c, h, w) * s.dz_xhat / m);
  }
  // Mean and biased variance.
  std::pair<double, double> moments(int64_t c) const {
    double sum = 0, squares = 0;
    each_pixel(shape, [&](auto n, auto h, auto w) { sum += x.get(n, c, h, w); });
    const double m = sum / static_cast<double>(count());
    each_pixel(shape, [&](auto n, auto h, auto w) { squares += (x.get(n, c, h, w) - m) * (x.get(n, c, h, w) - m); });
    return {m, squares / static_cast<double>(count())};
  }

  Shape shape;
  Activation x, dy;
  std::vector<float> mean, variance, gamma, beta;
  static constexpr float eps = 1e-5F;
  static constexpr double margin = 1e-3;

 private:
  static double of(const std::vector<float>& v, int64_t c) { return v[static_cast<size_t>(c)]; }

  // Moves what is too near; that moves the statistics, so look again.
  void keep_off_the_kink(int64_t c) {
    bool moved = true;
    for (int round = 0; moved; ++round) {
      REQUIRE(round < 50);
      const auto [m, v] = moments(c);
      mean[static_cast<size_t>(c)] = static_cast<float>(m);
      variance[static_cast<size_t>(c)] = static_cast<float>(v);
      moved = false;
      each_pixel(shape, [&](auto n, auto h, auto w) {
        if (std::abs(z(n, c, h, w)) > margin) return;
        x.set(n, c, h, w, x.get(n, c, h, w) + 0.02);
        moved = true;
      });
    }
  }
};

// One pixel a channel, odd maps, several blocks, maps longer than a run of the kernels' sums.
inline std::vector<Shape> batch_norm_shapes() {
  const int64_t b = channel_block();
  return {{4, b, 1, 1}, {1, b, 3, 5}, {3, 2 * b, 7, 4}, {2, b, 19, 20}};
}

// f(problem, relu) over all types, whole and sliced, all shapes, with and without a ReLU.
template <class F>
void for_problems(const F& f) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : batch_norm_shapes()) {
      for (const bool sliced : {false, true}) {
        const Problem problem(shape, dtype, sliced);
        for (const bool relu : {true, false}) {
          CAPTURE(dtype);
          CAPTURE(shape);
          CAPTURE(sliced);
          CAPTURE(relu);
          f(problem, relu);
        }
      }
    }
  }
}

// How many elements of `actual` are not close to expected(n, c, h, w).
template <class F>
int64_t count_wrong(const Activation& actual, double terms, const F& expected) {
  int64_t wrong = 0;
  each(actual.shape, [&](auto... at) { wrong += close(actual.get(at...), expected(at...), actual.dtype, terms) ? 0 : 1; });
  return wrong;
}

// One image of a slice.
inline Slice image_of(const Slice& s, int64_t i) {
  return {s.buffer, s.image + i, 1, s.channel, s.channels};
}

// f(image) from inside a parallel region, as a dense block walks its images.
template <class F>
void images_side_by_side(int64_t images, const F& f) {
#pragma omp parallel for num_threads(2)
  for (int64_t i = 0; i < images; ++i) f(i);
}

}  // namespace thorax::test
