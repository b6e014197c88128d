#include "kernels/max_pool.h"
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
  return {{{1, b, 7, 5}, {3, 2, 1}},     {{2, 2 * b, 8, 9}, {3, 2, 1}}, {{3, b, 6, 7}, {2, 2, 0}},
          {{1, 3 * b, 5, 6}, {3, 1, 1}}, {{2, b, 9, 11}, {5, 3, 2}},    {{1, b, 1, 1}, {3, 2, 1}}};
}

Shape pooled(const Case& c) {
  return {c.x[0], c.x[1], pooled_size(c.x[2], c.window), pooled_size(c.x[3], c.window)};
}

// The place and the value of the maximum, as PyTorch's loop finds it.
struct Best {
  int64_t h = -1, w = -1, cell = -1;
  double value = 0;
};

Best naive(const Activation& x, const Window& win, int64_t n, int64_t c, int64_t oy, int64_t ox) {
  Best best;
  for (int64_t i = 0; i < win.kernel; ++i) {
    for (int64_t j = 0; j < win.kernel; ++j) {
      const int64_t h = oy * win.stride - win.pad + i, w = ox * win.stride - win.pad + j;
      if (h < 0 || w < 0 || h >= x.shape[2] || w >= x.shape[3]) continue;
      const double v = x.get(n, c, h, w);
      if (best.cell < 0 || v > best.value || std::isnan(v)) best = {h, w, i * win.kernel + j, v};
    }
  }
  return best;
}

}  // namespace

TEST_CASE("max_pool: values and cells are those of the plain loop") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Case& c : cases()) {
      for (const bool sliced : {false, true}) {
        CAPTURE(dtype);
        CAPTURE(c.x);
        Activation x(c.x, dtype, sliced), y(pooled(c), dtype, sliced), index(pooled(c), DType::u8);
        x.random(1);
        max_pool_forward(two_threads, x.slice, c.window, y.slice, index.slice.buffer);
        int64_t wrong = 0;
        each(y.shape, [&](int64_t n, int64_t k, int64_t oy, int64_t ox) {
          const Best best = naive(x, c.window, n, k, oy, ox);
          if (y.get(n, k, oy, ox) != best.value || index.get(n, k, oy, ox) != static_cast<double>(best.cell)) ++wrong;
        });
        CHECK(wrong == 0);
        CHECK(y.outside_untouched());
      }
    }
  }
}

TEST_CASE("max_pool: of equal values the first is taken, and a NaN stays a NaN") {
  const Shape shape{1, channel_block(), 5, 5};
  const Window window{3, 2, 1};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Activation x(shape, dtype), y({1, shape[1], 3, 3}, dtype), index({1, shape[1], 3, 3}, DType::u8);
    x.fill(-std::numeric_limits<double>::infinity());
    x.set(0, 3, 2, 2, not_a_number);
    max_pool_forward(one_thread, x.slice, window, y.slice, index.slice.buffer);
    CHECK(std::isnan(y.get(0, 3, 1, 1)));
    CHECK(index.get(0, 3, 1, 1) == 4);
    CHECK(y.get(0, 3, 0, 0) == -std::numeric_limits<double>::infinity());
    CHECK(index.get(0, 3, 0, 0) == 4);  // the first cell that is no padding
    CHECK(index.get(0, 2, 1, 1) == 0);
  }
}

TEST_CASE("max_pool: the gradient goes to the cell that was taken, written or added") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Case& c : cases()) {
      for (const bool accumulate : {false, true}) {
        for (const bool sliced : {false, true}) {
          CAPTURE(dtype);
          CAPTURE(c.x);
          CAPTURE(accumulate);
          Activation x(c.x, dtype), y(pooled(c), dtype), dy(pooled(c), dtype, sliced), dx(c.x, dtype, sliced);
          Activation index(pooled(c), DType::u8);
          x.random(2);
          dy.random(3);
          if (accumulate) dx.fill(0.5);
          max_pool_forward(one_thread, x.slice, c.window, y.slice, index.slice.buffer);
          max_pool_backward(two_threads, dy.slice, index.slice.buffer, c.window, dx.slice, accumulate);
          // The plain loop scatters where the kernel gathers.
          std::vector<double> expected(static_cast<size_t>(c.x.count()), accumulate ? 0.5 : 0.0);
          const auto at = [&](int64_t n, int64_t k, int64_t h, int64_t w) {
            return static_cast<size_t>(((n * c.x[1] + k) * c.x[2] + h) * c.x[3] + w);
          };
          each(dy.shape, [&](int64_t n, int64_t k, int64_t oy, int64_t ox) {
            const Best best = naive(x, c.window, n, k, oy, ox);
            expected[at(n, k, best.h, best.w)] += dy.get(n, k, oy, ox);
          });
          int64_t wrong = 0;
          each(c.x, [&](int64_t n, int64_t k, int64_t h, int64_t w) {
            if (!close(dx.get(n, k, h, w), expected[at(n, k, h, w)], dtype, 9)) ++wrong;
          });
          CHECK(wrong == 0);
          CHECK(dx.outside_untouched());
        }
      }
    }
  }
}

TEST_CASE("max_pool: the gradient agrees with central differences") {
  const Shape shape{1, channel_block(), 6, 5};
  const Window window{3, 2, 1};
  const Shape small{1, shape[1], 3, 3};
  Activation x(shape, DType::f32), y(small, DType::f32), dy(small, DType::f32), dx(shape, DType::f32);
  Activation index(small, DType::u8), scratch(small, DType::u8);
  // All values differ by 1/512 at least: no maximum changes within the step.
  int64_t place = 0;
  each(shape, [&](auto... at) { x.set(at..., static_cast<double>(place++ * 197 % 509) / 512); });
  dy.random(4);
  max_pool_forward(one_thread, x.slice, window, y.slice, index.slice.buffer);
  max_pool_backward(one_thread, dy.slice, index.slice.buffer, window, dx.slice, false);
  const auto objective = [&] {
    max_pool_forward(one_thread, x.slice, window, y.slice, scratch.slice.buffer);
    double total = 0;
    each(small, [&](auto... at) { total += y.get(at...) * dy.get(at...); });
    return total;
  };
  for (int64_t i = 0; i < shape.count(); i += 7) {
    const double slope = central_difference(x.slice.buffer.as<float>()[i], 0x1p-11F, objective);
    CHECK(dx.slice.buffer.as<float>()[i] == doctest::Approx(slope).epsilon(1e-4));
  }
}

TEST_CASE("max_pool: the same bits for 1 and 2 threads, and inside a parallel region") {
  const Case c{{3, 2 * channel_block(), 9, 7}, {3, 2, 1}};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Activation x(c.x, dtype), y1(pooled(c), dtype), y2(pooled(c), dtype), i1(pooled(c), DType::u8), i2(pooled(c), DType::u8);
    Activation dy(pooled(c), dtype), d1(c.x, dtype), d2(c.x, dtype);
    x.random(5);
    dy.random(6);
    max_pool_forward(one_thread, x.slice, c.window, y1.slice, i1.slice.buffer);
    max_pool_backward(one_thread, dy.slice, i1.slice.buffer, c.window, d1.slice, false);
    max_pool_forward(two_threads, x.slice, c.window, y2.slice, i2.slice.buffer);
    max_pool_backward(two_threads, dy.slice, i2.slice.buffer, c.window, d2.slice, false);
    CHECK(y1.bytes == y2.bytes);
    CHECK(i1.bytes == i2.bytes);
    CHECK(d1.bytes == d2.bytes);
    Activation y3(pooled(c), dtype);
#pragma omp parallel for num_threads(2)
    for (int64_t n = 0; n < 3; ++n) {
      Tensor cells = i2.slice.buffer;
      cells.data = i2.bytes.data() + n * pooled(c).count() / 3;
      cells.shape = {1, c.x[1], pooled(c)[2], pooled(c)[3]};
      max_pool_forward(two_threads, Slice(x.slice.buffer, n, 1, 0, c.x[1]), c.window, Slice(y3.slice.buffer, n, 1, 0, c.x[1]),
                       cells);
    }
    CHECK(y1.bytes == y3.bytes);
    CHECK(i1.bytes == i2.bytes);
  }
}

TEST_CASE("max_pool: a wrong shape names the op and both shapes") {
  const int64_t b = channel_block();
  Activation x({1, b, 8, 8}, DType::f32), y({1, b, 3, 4}, DType::f32), index({1, b, 4, 4}, DType::u8),
      fine({1, b, 4, 4}, DType::f32);
  const Window window{3, 2, 1};
  const std::string expected = str("max_pool_forward: x is [1,", b, ",8,8], y is [1,", b, ",3,4], expected [1,", b, ",4,4]");
  CHECK_THROWS_WITH_AS(max_pool_forward(one_thread, x.slice, window, y.slice, index.slice.buffer), expected.c_str(), Error);
  CHECK_THROWS_AS(max_pool_forward(one_thread, x.slice, {3, 2, 2}, fine.slice, index.slice.buffer), Error);
  CHECK_THROWS_AS(max_pool_forward(one_thread, x.slice, window, fine.slice, fine.slice.buffer), Error);
  Activation half({1, b, 4, 4}, DType::bf16);
  CHECK_THROWS_AS(max_pool_forward(one_thread, x.slice, window, half.slice, index.slice.buffer), Error);
}
