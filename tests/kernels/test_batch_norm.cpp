#include "kernels/batch_norm.h"

#include <omp.h>

#include "kernels/statistics.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// A batch norm with random parameters and either the statistics of x or others (evaluation mode).
struct Problem {
  Problem(const Shape& s, DType type, bool sliced)
      : shape(s), x(s, type, sliced), dy(s, type, sliced), mean(size()), variance(size()), gamma(size()), beta(size()) {
    x.random(1);
    dy.random(2);
    for (size_t c = 0; c < mean.size(); ++c) {
      double sum = 0, squares = 0;
      each(shape, [&](auto n, auto k, auto h, auto w) {
        if (k == static_cast<int64_t>(c)) sum += x.get(n, k, h, w), squares += x.get(n, k, h, w) * x.get(n, k, h, w);
      });
      mean[c] = static_cast<float>(sum / count());
      variance[c] = static_cast<float>(squares / count() - sum * sum / count() / count());
      gamma[c] = Rng(3, c).uniform(0, 0.5F, 1.5F);
      beta[c] = Rng(3, c).uniform(1, -0.2F, 0.2F);
    }
  }
  size_t size() const { return static_cast<size_t>(shape[1]); }
  double count() const { return static_cast<double>(shape[0] * shape[2] * shape[3]); }
  BatchNorm norm() const { return {mean.data(), variance.data(), gamma.data(), beta.data(), eps}; }
  double rstd(int64_t c) const { return 1.0 / std::sqrt(static_cast<double>(variance[static_cast<size_t>(c)]) + static_cast<double>(eps)); }
  double xhat(int64_t n, int64_t c, int64_t h, int64_t w) const { return (x.get(n, c, h, w) - static_cast<double>(mean[static_cast<size_t>(c)])) * rstd(c); }
  double z(int64_t n, int64_t c, int64_t h, int64_t w) const {
    return static_cast<double>(gamma[static_cast<size_t>(c)]) * xhat(n, c, h, w) + static_cast<double>(beta[static_cast<size_t>(c)]);
  }
  double a(int64_t c) const { return static_cast<double>(gamma[static_cast<size_t>(c)]) * rstd(c); }
  double dz(bool relu, int64_t n, int64_t c, int64_t h, int64_t w) const { return !relu || z(n, c, h, w) > 0 ? dy.get(n, c, h, w) : 0; }
  // Sums of dz and dz*xhat over the batch.
  std::pair<double, double> totals(bool relu, int64_t channel) const {
    double s = 0, t = 0;
    each(shape, [&](auto n, auto c, auto h, auto w) {
      if (c == channel) s += dz(relu, n, c, h, w), t += dz(relu, n, c, h, w) * xhat(n, c, h, w);
    });
    return {s, t};
  }
  Shape shape;
  Activation x, dy;
  std::vector<float> mean, variance, gamma, beta;
  static constexpr float eps = 1e-5F;
};

std::vector<Shape> shapes() {
  const int64_t b = channel_block();
  return {{1, b, 3, 5}, {3, 2 * b, 7, 4}, {2, b, 19, 20}};
}

// Calls f(image) for every image, from inside a parallel region, as images side by side are walked.
template <class F>
void side_by_side_images(int64_t images, const F& f) {
#pragma omp parallel for num_threads(2)
  for (int64_t i = 0; i < images; ++i) f(i);
}

template <class F>
void for_problems(const F& f) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Shape& shape : shapes()) {
      for (const bool sliced : {false, true}) {
        for (const bool relu : {true, false}) {
          CAPTURE(dtype);
          CAPTURE(shape);
          CAPTURE(sliced);
          CAPTURE(relu);
          f(Problem(shape, dtype, sliced), relu);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("batch_norm: forward is the formula; two threads and images side by side give the same bits") {
  for_problems([](const Problem& p, bool relu) {
    Activation y(p.shape, p.x.dtype, true), again(p.shape, p.x.dtype, true);
    batch_norm_relu_forward(two_threads, p.x.slice, p.norm(), y.slice, relu);
    CHECK(y.outside_untouched());
    int64_t wrong = 0;
    each(p.shape, [&](auto... at) {
      const double expected = relu ? std::max(0.0, p.z(at...)) : p.z(at...);
      if (!close(y.get(at...), expected, p.x.dtype, 16)) ++wrong;
    });
    CHECK(wrong == 0);
    const Slice& x = p.x.slice;
    const Slice& to = again.slice;
    side_by_side_images(p.shape[0], [&](int64_t i) {
      batch_norm_relu_forward(two_threads, {x.buffer, x.image + i, 1, x.channel, x.channels}, p.norm(),
                              {to.buffer, to.image + i, 1, to.channel, to.channels}, relu);
    });
    CHECK(y.bytes == again.bytes);
  });
}

TEST_CASE("batch_norm: sums per image, and what becomes of them") {
  for_problems([](const Problem& p, bool relu) {
    std::vector<float> sums(static_cast<size_t>(p.shape[0] * 2) * p.size(), std::nanf(""));
    batch_norm_relu_backward_sums(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, sums.data());
    std::vector<float> dgamma(p.size(), 5.0F), dbeta(p.size(), 7.0F), dz(p.size()), dz_xhat(p.size());
    finish_sums(sums.data(), p.shape[0], p.shape[1], dgamma.data(), dbeta.data(), true, dz.data(), dz_xhat.data());
    for (int64_t c = 0; c < p.shape[1]; ++c) {
      const auto i = static_cast<size_t>(c);
      const auto [s, t] = p.totals(relu, c);
      const double tolerance = 1e-5 * p.count();
      CHECK(std::abs(static_cast<double>(dz[i]) - s) < tolerance);
      CHECK(std::abs(static_cast<double>(dz_xhat[i]) - t) < tolerance);
      CHECK(dgamma[i] == 5.0F + dz_xhat[i]);
      CHECK(dbeta[i] == 7.0F + dz[i]);
    }
    finish_sums(sums.data(), p.shape[0], p.shape[1], dgamma.data(), nullptr, false, dz.data(), dz_xhat.data());
    CHECK(dgamma == dz_xhat);
  });
}

TEST_CASE("batch_norm: the textbook gradient, written or added, also in place and in evaluation mode") {
  for_problems([](const Problem& p, bool relu) {
    std::vector<float> dz(p.size()), dz_xhat(p.size());
    for (int64_t c = 0; c < p.shape[1]; ++c) {
      const auto [s, t] = p.totals(relu, c);
      dz[static_cast<size_t>(c)] = static_cast<float>(s);
      dz_xhat[static_cast<size_t>(c)] = static_cast<float>(t);
    }
    const auto count = static_cast<int64_t>(p.count());
    for (const DType type : {DType::f32, p.x.dtype}) {
      for (const bool evaluation : {false, true}) {
        for (const bool accumulate : {false, true}) {
          Activation dx(p.shape, type, true);
          if (accumulate) dx.fill(0.5);
          batch_norm_relu_backward_apply(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, evaluation ? nullptr : dz.data(), dz_xhat.data(), count,
                                         dx.slice, accumulate);
          int64_t wrong = 0;
          each(p.shape, [&](auto n, auto c, auto h, auto w) {
            const double s = static_cast<double>(dz[static_cast<size_t>(c)]);
            const double t = static_cast<double>(dz_xhat[static_cast<size_t>(c)]);
            double expected = p.a(c) * p.dz(relu, n, c, h, w);
            if (!evaluation) expected -= p.a(c) * (s + p.xhat(n, c, h, w) * t) / p.count();
            if (!close(dx.get(n, c, h, w), expected + (accumulate ? 0.5 : 0.0), type, 64)) ++wrong;
          });
          CHECK(wrong == 0);
          CHECK(dx.outside_untouched());
        }
      }
    }
  });
}

TEST_CASE("batch_norm: one pass with a*dz and corrections at the end equals the textbook") {
  for_problems([](const Problem& p, bool relu) {
    const auto count = static_cast<int64_t>(p.count());
    for (const bool accumulate : {false, true}) {
      Activation g(p.shape, DType::f32, true), out(p.shape, DType::f32, true);
      if (accumulate) g.fill(0.25);
      std::vector<float> sums(static_cast<size_t>(p.shape[0] * 2) * p.size()), dz(p.size()), dz_xhat(p.size()), b(p.size(), 1.0F), c(p.size(), 2.0F);
      batch_norm_relu_backward_linear(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, g.slice, accumulate, sums.data());
      finish_sums(sums.data(), p.shape[0], p.shape[1], nullptr, nullptr, false, dz.data(), dz_xhat.data());
      accumulate_corrections(p.gamma.data(), p.variance.data(), Problem::eps, dz.data(), dz_xhat.data(), count, p.shape[1], b.data(), c.data(), false);
      apply_corrections(two_threads, g.slice, p.x.slice, p.mean.data(), p.variance.data(), Problem::eps, b.data(), c.data(), out.slice);
      Activation expected(p.shape, DType::f32, true);
      if (accumulate) expected.fill(0.25);
      batch_norm_relu_backward_apply(one_thread, p.x.slice, p.dy.slice, p.norm(), relu, dz.data(), dz_xhat.data(), count, expected.slice, accumulate);
      int64_t wrong = 0;
      each(p.shape, [&](auto... at) { wrong += close(out.get(at...), expected.get(at...), DType::f32, 64) ? 0 : 1; });
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("batch_norm: around a 2x2 average pooling, forward and backward") {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Shape& shape : shapes()) {
      CAPTURE(shape);
      const Problem p(shape, dtype, true);
      const Shape small{shape[0], shape[1], shape[2] / 2, shape[3] / 2};
      Activation y(small, dtype, true), dpool(small, dtype, true);
      dpool.random(5);
      batch_norm_relu_avg_pool_forward(two_threads, p.x.slice, p.norm(), y.slice);
      int64_t wrong = 0;
      each(small, [&](auto n, auto c, auto h, auto w) {
        double sum = 0;
        for (int64_t k = 0; k < 4; ++k) sum += std::max(0.0, p.z(n, c, 2 * h + k / 2, 2 * w + k % 2));
        if (!close(y.get(n, c, h, w), sum / 4, dtype, 32)) ++wrong;
      });
      CHECK(wrong == 0);
      // The gradient is that of a plain batch norm whose dy is the pooling's.
      Activation spread(shape, DType::f32), x32(shape, DType::f32);
      each(shape, [&](auto n, auto c, auto h, auto w) {
        const bool inside = h / 2 < small[2] && w / 2 < small[3];
        spread.set(n, c, h, w, inside ? dpool.get(n, c, h / 2, w / 2) / 4 : 0);
        x32.set(n, c, h, w, p.x.get(n, c, h, w));
      });
      const size_t parts = static_cast<size_t>(shape[0] * 2) * p.size();
      std::vector<float> sums(parts), expected_sums(parts), dz(p.size()), dz_xhat(p.size());
      batch_norm_relu_avg_pool_backward_sums(two_threads, p.x.slice, dpool.slice, p.norm(), sums.data());
      batch_norm_relu_backward_sums(one_thread, x32.slice, spread.slice, p.norm(), true, expected_sums.data());
      for (size_t i = 0; i < parts; ++i) CHECK(std::abs(sums[i] - expected_sums[i]) < 1e-4F * static_cast<float>(p.count()));
      finish_sums(sums.data(), shape[0], shape[1], nullptr, nullptr, false, dz.data(), dz_xhat.data());
      for (const bool accumulate : {false, true}) {
        Activation dx(shape, DType::f32, true), expected(shape, DType::f32);
        if (accumulate) dx.fill(1), expected.fill(1);
        const auto count = static_cast<int64_t>(p.count());
        batch_norm_relu_avg_pool_backward_apply(two_threads, p.x.slice, dpool.slice, p.norm(), dz.data(), dz_xhat.data(), count, dx.slice, accumulate);
        batch_norm_relu_backward_apply(one_thread, x32.slice, spread.slice, p.norm(), true, dz.data(), dz_xhat.data(), count, expected.slice, accumulate);
        each(shape, [&](auto... at) { CHECK(close(dx.get(at...), expected.get(at...), DType::f32, 64)); });
      }
    }
  }
}

TEST_CASE("batch_norm: shapes and dtypes that do not fit are refused by name") {
  const int64_t b = channel_block();
  const Problem p({2, b, 4, 4}, DType::f32, false);
  Activation other({2, b, 4, 5}, DType::f32), half({2, b, 4, 4}, DType::bf16);
  CHECK_THROWS_WITH_AS(batch_norm_relu_forward(one_thread, p.x.slice, p.norm(), other.slice, true), doctest::Contains("batch_norm_relu_forward"), Error);
  CHECK_THROWS_WITH_AS(batch_norm_relu_forward(one_thread, p.x.slice, p.norm(), half.slice, true), doctest::Contains("bf16"), Error);
}
