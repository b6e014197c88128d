#include "kernels/avg_pool.h"
#include "tensor/error.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

struct Case {
  Shape x;
  Window window;
};

std::vector<Case> cases() {
  const int64_t b = channel_block();
  // Odd sides leave pixels that no window reaches; a stride below the kernel makes windows overlap.
  return {{{2, 2 * b, 8, 6}, {2, 2, 0}}, {{1, b, 7, 5}, {2, 2, 0}}, {{3, b, 6, 7}, {3, 1, 0}}, {{1, 3 * b, 9, 8}, {3, 2, 0}}};
}

Shape pooled(const Case& c) {
  return {c.x[0], c.x[1], pooled_size(c.x[2], c.window), pooled_size(c.x[3], c.window)};
}

}  // namespace

TEST_CASE("avg_pool: values are those of the plain loop") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Case& c : cases()) {
      for (const bool sliced : {false, true}) {
        CAPTURE(dtype);
        CAPTURE(c.x);
        const int64_t k = c.window.kernel;
        Activation x(c.x, dtype, sliced), y(pooled(c), dtype, sliced);
        x.random(1);
        avg_pool_forward(two_threads, x.slice, c.window, y.slice);
        int64_t wrong = 0;
        each(y.shape, [&](int64_t n, int64_t channel, int64_t oy, int64_t ox) {
          double sum = 0;
          for (int64_t i = 0; i < k * k; ++i)
            sum += x.get(n, channel, oy * c.window.stride + i / k, ox * c.window.stride + i % k);
          if (!close(y.get(n, channel, oy, ox), sum / static_cast<double>(k * k), dtype, 9)) ++wrong;
        });
        CHECK(wrong == 0);
        CHECK(y.outside_untouched());
      }
    }
  }
}

TEST_CASE("avg_pool: the gradient is spread evenly, written or added") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Case& c : cases()) {
      for (const bool accumulate : {false, true}) {
        CAPTURE(dtype);
        CAPTURE(c.x);
        CAPTURE(accumulate);
        const int64_t k = c.window.kernel;
        Activation dy(pooled(c), dtype, accumulate), dx(c.x, dtype, accumulate);
        dy.random(2);
        if (accumulate) dx.fill(-0.25);
        avg_pool_backward(two_threads, dy.slice, c.window, dx.slice, accumulate);
        std::vector<double> expected(static_cast<size_t>(c.x.count()), accumulate ? -0.25 : 0.0);
        const auto at = [&](int64_t n, int64_t channel, int64_t h, int64_t w) {
          return static_cast<size_t>(((n * c.x[1] + channel) * c.x[2] + h) * c.x[3] + w);
        };
        each(dy.shape, [&](int64_t n, int64_t channel, int64_t oy, int64_t ox) {
          for (int64_t i = 0; i < k * k; ++i)
            expected[at(n, channel, oy * c.window.stride + i / k, ox * c.window.stride + i % k)] +=
                dy.get(n, channel, oy, ox) / static_cast<double>(k * k);
        });
        int64_t wrong = 0;
        each(c.x, [&](int64_t n, int64_t channel, int64_t h, int64_t w) {
          if (!close(dx.get(n, channel, h, w), expected[at(n, channel, h, w)], dtype, 9)) ++wrong;
        });
        CHECK(wrong == 0);
        CHECK(dx.outside_untouched());
      }
    }
  }
}

TEST_CASE("avg_pool: the gradient agrees with central differences") {
  const Shape shape{1, channel_block(), 5, 6};
  const Window window{2, 2, 0};
  const Shape small{1, shape[1], 2, 3};
  Activation x(shape, DType::f32), y(small, DType::f32), dy(small, DType::f32), dx(shape, DType::f32);
  x.random(3);
  dy.random(4);
  avg_pool_backward(one_thread, dy.slice, window, dx.slice, false);
  const auto objective = [&] {
    avg_pool_forward(one_thread, x.slice, window, y.slice);
    double total = 0;
    each(small, [&](auto... at) { total += y.get(at...) * dy.get(at...); });
    return total;
  };
  for (int64_t i = 0; i < shape.count(); i += 7)
    CHECK(std::abs(dx.slice.buffer.as<float>()[i] - central_difference(x.slice.buffer.as<float>()[i], 0.5F, objective)) < 1e-6);
}

TEST_CASE("global_avg_pool: mean, gradient written and added, whole and sliced") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : {Shape{1, channel_block(), 1, 1}, Shape{3, 2 * channel_block(), 7, 5}}) {
      for (const bool sliced : {false, true}) {
        CAPTURE(dtype);
        CAPTURE(shape);
        const double pixels = static_cast<double>(shape[2] * shape[3]);
        Activation x(shape, dtype, sliced), dx(shape, dtype, sliced);
        Plain y({shape[0], shape[1]}), dy({shape[0], shape[1]});
        x.random(5);
        dy.random(6);
        global_avg_pool_forward(two_threads, x.slice, y.tensor);
        for (int64_t n = 0; n < shape[0]; ++n) {
          for (int64_t c = 0; c < shape[1]; ++c) {
            double sum = 0;
            for (int64_t p = 0; p < shape[2] * shape[3]; ++p) sum += x.get(n, c, p / shape[3], p % shape[3]);
            CHECK(y[n * shape[1] + c] == static_cast<float>(sum / pixels));
          }
        }
        for (const bool accumulate : {false, true}) {
          if (accumulate) dx.fill(2);
          global_avg_pool_backward(two_threads, dy.tensor, dx.slice, accumulate);
          int64_t wrong = 0;
          each(shape, [&](int64_t n, int64_t c, int64_t h, int64_t w) {
            const double expected = dy[n * shape[1] + c] / pixels + (accumulate ? 2 : 0);
            if (!close(dx.get(n, c, h, w), expected, dtype)) ++wrong;
          });
          CHECK(wrong == 0);
        }
        CHECK(dx.outside_untouched());
      }
    }
  }
}

TEST_CASE("avg_pool, global_avg_pool: the same bits for 1 and 2 threads") {
  const Case c{{3, 2 * channel_block(), 9, 7}, {2, 2, 0}};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Activation x(c.x, dtype), y1(pooled(c), dtype), y2(pooled(c), dtype), d1(c.x, dtype), d2(c.x, dtype);
    Plain m1({3, c.x[1]}), m2({3, c.x[1]});
    x.random(7);
    avg_pool_forward(one_thread, x.slice, c.window, y1.slice);
    avg_pool_forward(two_threads, x.slice, c.window, y2.slice);
    avg_pool_backward(one_thread, y1.slice, c.window, d1.slice, false);
    avg_pool_backward(two_threads, y1.slice, c.window, d2.slice, false);
    global_avg_pool_forward(one_thread, x.slice, m1.tensor);
    global_avg_pool_forward(two_threads, x.slice, m2.tensor);
    CHECK(y1.bytes == y2.bytes);
    CHECK(d1.bytes == d2.bytes);
    CHECK(m1.values == m2.values);
  }
}

TEST_CASE("avg_pool: wrong shapes name the op and both shapes") {
  const int64_t b = channel_block();
  Activation x({1, b, 8, 8}, DType::f32), y({1, b, 3, 4}, DType::f32);
  const std::string expected = str("avg_pool_forward: x is [1,", b, ",8,8], y is [1,", b, ",3,4], expected [1,", b, ",4,4]");
  CHECK_THROWS_WITH_AS(avg_pool_forward(one_thread, x.slice, {2, 2, 0}, y.slice), expected.c_str(), Error);
  CHECK_THROWS_AS(avg_pool_forward(one_thread, x.slice, {3, 2, 1}, y.slice), Error);
  Plain mean({1, b + 1});
  const std::string global = str("global_avg_pool_forward: y is [1,", b + 1, "], expected [1,", b, "]");
  CHECK_THROWS_WITH_AS(global_avg_pool_forward(one_thread, x.slice, mean.tensor), global.c_str(), Error);
}
