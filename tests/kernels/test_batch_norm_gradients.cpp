// Batch norm + ReLU (+ pooling): gradients against central differences of a naive forward pass in double, the linear form of the
// backward pass against the textbook's, and the same bits however the work is shared out.
#include "tests/kernels/batch_norm_problem.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// One channel of a batch norm over [N,H,W], its weights, and the loss sum weight * y: training mode, statistics from x.
struct NaiveChannel {
  NaiveChannel(const Problem& p, int64_t c, const Activation& out_weights, bool with_pool)
      : images(p.shape[0]), height(p.shape[2]), width(p.shape[3]), pool(with_pool) {
    gamma = p.gamma[static_cast<size_t>(c)];
    beta = p.beta[static_cast<size_t>(c)];
    each_pixel(p.shape, [&](auto n, auto h, auto w) { x.push_back(p.x.get(n, c, h, w)); });
    each_pixel(out_weights.shape, [&](auto n, auto h, auto w) { weights.push_back(out_weights.get(n, c, h, w)); });
  }
  double loss() const {
    const auto count = static_cast<double>(x.size());
    double mean = 0, variance = 0;
    for (const double v : x) mean += v / count;
    for (const double v : x) variance += (v - mean) * (v - mean) / count;
    const double rstd = 1 / std::sqrt(variance + static_cast<double>(Problem::eps));
    const auto y = [&](int64_t n, int64_t h, int64_t w) {
      return std::max(0.0, gamma * (x[static_cast<size_t>((n * height + h) * width + w)] - mean) * rstd + beta);
    };
    double sum = 0;
    size_t at = 0;
    const int64_t step = pool ? 2 : 1;
    for (int64_t n = 0; n < images; ++n) {
      for (int64_t h = 0; h < height / step; ++h) {
        for (int64_t w = 0; w < width / step; ++w) {
          const double value =
              pool ? (y(n, 2 * h, 2 * w) + y(n, 2 * h, 2 * w + 1) + y(n, 2 * h + 1, 2 * w) + y(n, 2 * h + 1, 2 * w + 1)) / 4
                   : y(n, h, w);
          sum += weights[at++] * value;
        }
      }
    }
    return sum;
  }
  double slope(double& parameter) {
    const double before = parameter;
    const double step = 1e-5;
    parameter = before + step;
    const double up = loss();
    parameter = before - step;
    const double down = loss();
    parameter = before;
    return (up - down) / (2 * step);
  }
  int64_t images, height, width;
  bool pool;
  double gamma, beta;
  std::vector<double> x, weights;
};

// What training does with x and dy, from the statistics to the gradients.
struct Trained {
  Trained(const Problem& p, const Slice& dy, bool pool)
      : dx(p.shape, DType::f32, true),
        partial(static_cast<size_t>(2 * p.shape[0]) * p.size(), std::nanf("")),
        mean(p.size()),
        variance(mean),
        dgamma(mean),
        dbeta(mean),
        dz(mean),
        dz_xhat(mean) {
    channel_statistics(two_threads, p.x.slice, partial.data());
    merge_statistics(one_thread, partial.data(), p.shape[0], p.shape[1], p.shape[2] * p.shape[3], mean.data(), variance.data());
    const BatchNorm norm{mean.data(), variance.data(), p.gamma.data(), p.beta.data(), Problem::eps};
    if (pool)
      batch_norm_relu_avg_pool_backward_sums(two_threads, p.x.slice, dy, norm, partial.data());
    else
      batch_norm_relu_backward_sums(two_threads, p.x.slice, dy, norm, true, partial.data());
    finish_sums(one_thread, partial.data(), p.shape[0], p.shape[1], dgamma.data(), dbeta.data(), false, dz.data(),
                dz_xhat.data());
    const auto apply = [&](auto kernel, auto... relu) {
      kernel(two_threads, p.x.slice, dy, norm, relu..., dz.data(), dz_xhat.data(), p.count(), dx.slice, false);
    };
    if (pool)
      apply(batch_norm_relu_avg_pool_backward_apply);
    else
      apply(batch_norm_relu_backward_apply, true);
  }
  Activation dx;
  std::vector<float> partial, mean, variance, dgamma, dbeta, dz, dz_xhat;
};

void check_differences(const Shape& shape, bool pool) {
  CAPTURE(shape);
  CAPTURE(pool);
  const Problem p(shape, DType::f32, true);
  Activation weights(pool ? Shape{shape[0], shape[1], shape[2] / 2, shape[3] / 2} : shape, DType::f32);
  weights.random(7);
  const Trained trained(p, weights.slice, pool);
  int64_t wrong = 0;
  for (int64_t c = 0; c < shape[1]; ++c) {
    NaiveChannel naive(p, c, weights, pool);
    const auto i = static_cast<size_t>(c);
    const auto terms = static_cast<double>(p.count());
    wrong += close(trained.dgamma[i], naive.slope(naive.gamma), DType::f32, terms, 2) ? 0 : 1;
    wrong += close(trained.dbeta[i], naive.slope(naive.beta), DType::f32, terms, 2) ? 0 : 1;
    size_t at = 0;
    each_pixel(shape, [&](auto n, auto h, auto w) {
      wrong += close(trained.dx.get(n, c, h, w), naive.slope(naive.x[at++]), DType::f32, 32, 2) ? 0 : 1;
    });
  }
  CHECK(wrong == 0);
  CHECK(trained.dx.outside_untouched());
}

}  // namespace

TEST_CASE("batch_norm: gradients are the central differences of a naive forward pass") {
  const int64_t b = channel_block();
  check_differences({3, 2 * b, 3, 4}, false);
  check_differences({1, b, 5, 5}, false);
}

TEST_CASE("batch_norm with pooling: gradients are the central differences of a naive forward pass, odd sizes too") {
  const int64_t b = channel_block();
  for (const Shape& shape : {Shape{2, 2 * b, 4, 6}, Shape{1, b, 5, 4}, Shape{2, b, 4, 7}, Shape{1, b, 5, 5}}) {
    check_differences(shape, true);
  }
}

TEST_CASE("batch_norm: three consumers in the linear form, corrected once, equal the sum of three textbook gradients") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const DType buffer : {DType::f32, DType::bf16, DType::f16}) {
      for (const DType last : {DType::f32, DType::bf16, DType::f16}) {
        CAPTURE(dtype);
        CAPTURE(buffer);
        CAPTURE(last);
        const Shape shape{2, 2 * channel_block(), 9, 10};
        Problem p(shape, dtype, true);
        Activation g(shape, buffer, true), out(shape, last, true), expected(shape, DType::f32);
        expected.fill(0);
        std::vector<float> sums(static_cast<size_t>(2 * shape[0]) * p.size()), dz(p.size()), dz_xhat(p.size());
        std::vector<float> b(p.size(), std::nanf("")), c(b);
        std::vector<double> size(p.size()),
            rounded(p.size());  // of what g holds: its bound, and the sum of all it was stored with
        for (uint64_t consumer = 0; consumer < 3; ++consumer) {
          p.dy.random(10 + consumer);
          for (float& gain : p.gamma) gain *= 1.25F;  // z keeps its distance from the kink
          for (float& shift : p.beta) shift *= 1.25F;
          batch_norm_relu_backward_linear(two_threads, p.x.slice, p.dy.slice, p.norm(), true, g.slice, consumer > 0, sums.data());
          finish_sums(one_thread, sums.data(), shape[0], shape[1], nullptr, nullptr, false, dz.data(), dz_xhat.data());
          accumulate_corrections(one_thread, p.gamma.data(), p.variance.data(), Problem::eps, dz.data(), dz_xhat.data(),
                                 p.count(), shape[1], b.data(), c.data(), consumer > 0);
          std::vector<Sums> totals;
          for (int64_t k = 0; k < shape[1]; ++k) {
            totals.push_back(p.sums(true, k));
            rounded[static_cast<size_t>(k)] += size[static_cast<size_t>(k)] += std::abs(p.a(k));
          }
          each(shape, [&](auto n, auto k, auto h, auto w) {
            const double dx = p.dx(true, totals[static_cast<size_t>(k)], n, k, h, w);
            expected.set(n, k, h, w, expected.get(n, k, h, w) + dx);
          });
        }
        apply_corrections(two_threads, g.slice, p.x.slice, p.mean.data(), p.variance.data(), Problem::eps, b.data(), c.data(),
                          out.slice);
        CHECK(out.outside_untouched());
        int64_t wrong = 0;
        each(shape, [&](auto n, auto k, auto h, auto w) {
          const double half_unit = std::max(4.0, rounding_of(buffer, 1) / 0x1p-23);
          wrong += close(out.get(n, k, h, w), expected.get(n, k, h, w), last, half_unit, rounded[static_cast<size_t>(k)]) ? 0 : 1;
        });
        CHECK(wrong == 0);
        if (last != buffer) continue;
        apply_corrections(one_thread, g.slice, p.x.slice, p.mean.data(), p.variance.data(), Problem::eps, b.data(), c.data(),
                          g.slice);
        CHECK(g.bytes == out.bytes);
      }
    }
  }
}

TEST_CASE("batch_norm with pooling: forward, sums and gradient are those of the naive loop, written or added") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : batch_norm_shapes()) {
      if (shape[2] < 2) continue;
      CAPTURE(dtype);
      CAPTURE(shape);
      Problem p(shape, dtype, true);
      const Shape small{shape[0], shape[1], shape[2] / 2, shape[3] / 2};
      Activation y(small, dtype, true), dpool(small, dtype, true);
      batch_norm_relu_avg_pool_forward(two_threads, p.x.slice, p.norm(), y.slice);
      CHECK(y.outside_untouched());
      CHECK(count_wrong(y, 16, [&](auto n, auto c, auto h, auto w) {
              double sum = 0;
              for (int64_t k = 0; k < 4; ++k) sum += p.y(true, n, c, 2 * h + k / 2, 2 * w + k % 2);
              return sum / 4;
            }) == 0);
      // The gradient is that of a batch norm without pooling whose dy is the pooling's: dpool / 4, exact, 0 where dropped.
      dpool.random(5);
      each(shape, [&](auto n, auto c, auto h, auto w) {
        const bool inside = h / 2 < small[2] && w / 2 < small[3];
        p.dy.set(n, c, h, w, inside ? dpool.get(n, c, h / 2, w / 2) / 4 : 0);
      });
      std::vector<float> sums(static_cast<size_t>(2 * shape[0]) * p.size(), std::nanf("")), plain(sums), dz(p.size()),
          dz_xhat(dz);
      batch_norm_relu_avg_pool_backward_sums(two_threads, p.x.slice, dpool.slice, p.norm(), sums.data());
      batch_norm_relu_backward_sums(one_thread, p.x.slice, p.dy.slice, p.norm(), true, plain.data());
      const auto pixels = static_cast<double>(shape[2] * shape[3]);
      for (size_t i = 0; i < sums.size(); ++i) CHECK(close(sums[i], plain[i], DType::f32, 4, 0.25 * pixels));
      finish_sums(one_thread, plain.data(), shape[0], shape[1], nullptr, nullptr, false, dz.data(), dz_xhat.data());
      for (const DType type : {DType::f32, DType::bf16, DType::f16}) {
        for (const bool accumulate : {false, true}) {
          for (const bool evaluation : {false, true}) {
            const float* total = evaluation ? nullptr : dz.data();
            Activation dx(shape, type, true), expected(shape, type, true);
            if (accumulate) dx.fill(1), expected.fill(1);
            batch_norm_relu_avg_pool_backward_apply(two_threads, p.x.slice, dpool.slice, p.norm(), total, dz_xhat.data(),
                                                    p.count(), dx.slice, accumulate);
            batch_norm_relu_backward_apply(one_thread, p.x.slice, p.dy.slice, p.norm(), true, total, dz_xhat.data(), p.count(),
                                           expected.slice, accumulate);
            CHECK(dx.bytes == expected.bytes);
          }
        }
      }
    }
  }
}

TEST_CASE("batch_norm: one thread, two threads and images side by side give the same bits") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    const Shape shape{3, 3 * channel_block(), 18, 17};
    const Shape small{3, shape[1], 9, 8};
    const Problem p(shape, dtype, true);
    const size_t row = 2 * p.size();
    const std::vector<float> dz(p.size(), 3.0F), dz_xhat(p.size(), -2.0F);
    struct Results {
      Results(const Shape& full, const Shape& half, DType type)
          : y(full, type, true),
            g(full, DType::f32, true),
            dx(full, type, true),
            out(full, DType::bf16),
            pooled(half, type),
            pool_dx(full, type),
            sums(static_cast<size_t>(2 * full[0] * full[1])),
            linear_sums(sums),
            pool_sums(sums) {
        g.fill(1);
      }
      Activation y, g, dx, out, pooled, pool_dx;
      std::vector<float> sums, linear_sums, pool_sums;
    };
    Results one(shape, small, dtype), two(shape, small, dtype), apart(shape, small, dtype);
    // Everything, on `part` of each slice; sums begin at image `first`.
    const auto run = [&](const Stream& stream, Results& r, size_t first, const auto& part) {
      const BatchNorm norm = p.norm();
      const Slice x = part(p.x.slice), dy = part(p.dy.slice), pooled = part(r.pooled.slice);
      batch_norm_relu_forward(stream, x, norm, part(r.y.slice), true);
      batch_norm_relu_backward_sums(stream, x, dy, norm, true, r.sums.data() + first * row);
      batch_norm_relu_backward_linear(stream, x, dy, norm, true, part(r.g.slice), true, r.linear_sums.data() + first * row);
      batch_norm_relu_backward_apply(stream, x, dy, norm, true, dz.data(), dz_xhat.data(), 918, part(r.dx.slice), false);
      apply_corrections(stream, part(r.g.slice), x, norm.mean, norm.variance, norm.eps, dz.data(), dz_xhat.data(),
                        part(r.out.slice));
      batch_norm_relu_avg_pool_forward(stream, x, norm, pooled);
      batch_norm_relu_avg_pool_backward_sums(stream, x, pooled, norm, r.pool_sums.data() + first * row);
      batch_norm_relu_avg_pool_backward_apply(stream, x, pooled, norm, dz.data(), dz_xhat.data(), 918, part(r.pool_dx.slice),
                                              false);
    };
    run(one_thread, one, 0, [](const Slice& s) { return s; });
    run(two_threads, two, 0, [](const Slice& s) { return s; });
    images_side_by_side(shape[0], [&](int64_t i) {
      run(two_threads, apart, static_cast<size_t>(i), [&](const Slice& s) { return image_of(s, i); });
    });
    for (const Results* other : {&two, &apart}) {
      CHECK(other->y.bytes == one.y.bytes);
      CHECK(other->g.bytes == one.g.bytes);
      CHECK(other->dx.bytes == one.dx.bytes);
      CHECK(other->out.bytes == one.out.bytes);
      CHECK(other->pooled.bytes == one.pooled.bytes);
      CHECK(other->pool_dx.bytes == one.pool_dx.bytes);
      CHECK(other->sums == one.sums);
      CHECK(other->linear_sums == one.sums);
      CHECK(other->pool_sums == one.pool_sums);
    }
  }
}
