// The arithmetic and the index arithmetic that the CUDA twins take from headers, on the CPU.
#include <algorithm>

#include "kernels/batch_norm_math.h"
#include "kernels/filter_math.h"
#include "kernels/fold.h"
#include "kernels/parts_math.h"
#include "kernels/pixel_math.h"
#include "kernels/residual.h"
#include "kernels/residual_math.h"
#include "kernels/scale.h"
#include "kernels/statistics_math.h"
#include "tests/kernels/batch_norm_problem.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("shared math: batch norm's scalar element has the bits of the vector kernels") {
  const Stream cpu{Device::cpu, 1};
  if (on_gpu()) return;  // the other side of the comparison is the CPU's
  const Problem p({2, channel_block(), 5, 7}, DType::f32, false);
  Activation y(p.shape, DType::f32), dx(p.shape, DType::f32);
  const std::vector<float> dz(p.size(), 3.0F), dz_xhat(p.size(), -2.0F);
  for (const bool relu : {true, false}) {
    batch_norm_relu_forward(cpu, p.x.slice, p.norm(), y.slice, relu);
    batch_norm_relu_backward_apply(cpu, p.x.slice, p.dy.slice, p.norm(), relu, dz.data(), dz_xhat.data(), p.count(), dx.slice,
                                   false);
    each(p.shape, [&](auto n, auto c, auto h, auto w) {
      const auto channel = static_cast<size_t>(c);
      const float rstd = reciprocal_root(p.variance[channel], Problem::eps);
      const NormLine line(p.mean[channel], rstd, p.gamma[channel], p.beta[channel]);
      const auto x = static_cast<float>(p.x.get(n, c, h, w)), gradient = static_cast<float>(p.dy.get(n, c, h, w));
      CHECK(static_cast<double>(line.y(x, relu)) == y.get(n, c, h, w));
      const NormCorrection k(line.a, rstd, 3.0F, -2.0F, p.count());
      CHECK(static_cast<double>(norm_dx(line.a, line.dz(x, gradient, relu), k, x, p.mean[channel])) == dx.get(n, c, h, w));
    });
  }
}

TEST_CASE("shared math: a residual block's scalar element has the bits of the vector kernels") {
  if (on_gpu()) return;
  const Problem p({2, channel_block(), 5, 7}, DType::f32, false);
  Activation shortcut(p.shape, DType::f32), y(p.shape, DType::f32), dx(p.shape, DType::f32), ds(p.shape, DType::f32);
  shortcut.random(7);
  shortcut.set(0, 1, 2, 3, not_a_number);
  const BatchNorm norm = p.norm();
  const ResidualBranch branch{p.x.slice, &norm}, identity{shortcut.slice};
  residual_forward(one_thread, branch, identity, y.slice);
  residual_backward_apply(one_thread, branch, identity, p.dy.slice, y.slice, p.count(), {dx.slice, false}, {ds.slice, false});
  int64_t wrong = 0;
  each(p.shape, [&](auto n, auto c, auto h, auto w) {
    const auto channel = static_cast<size_t>(c);
    const float rstd = reciprocal_root(p.variance[channel], Problem::eps);
    const NormLine line(p.mean[channel], rstd, p.gamma[channel], p.beta[channel]);
    const auto x = static_cast<float>(p.x.get(n, c, h, w));
    const float out = residual_y(line.z(x), static_cast<float>(shortcut.get(n, c, h, w)));
    wrong += std::isnan(out) ? !std::isnan(y.get(n, c, h, w)) : static_cast<double>(out) != y.get(n, c, h, w);
    const float dz = residual_dz(out, static_cast<float>(p.dy.get(n, c, h, w)));
    wrong += static_cast<double>(dz) != ds.get(n, c, h, w);
    wrong += static_cast<double>(norm_dx(line.a, dz, {}, x, p.mean[channel])) != dx.get(n, c, h, w);
  });
  CHECK(wrong == 0);
  CHECK(std::isnan(y.get(0, 1, 2, 3)));
}

TEST_CASE("shared math: the parts of an image are its pixels, each once") {
  for (const int64_t pixels : {int64_t{1}, part_pixels - 1, part_pixels, part_pixels + 1, 5 * part_pixels + 3}) {
    int64_t next = 0;
    for (int64_t part = 0; part < parts_of(pixels); ++part) {
      const Range range = pixels_of_part(part, pixels);
      CHECK(range.first == next);
      CHECK(range.last > range.first);
      CHECK(range.last - range.first <= part_pixels);
      next = range.last;
    }
    CHECK(next == pixels);
  }
}

TEST_CASE("shared math: moments of parts, merged in any grouping, are those of the whole") {
  const int64_t pixels = 3 * part_pixels + 17;
  std::vector<double> x(static_cast<size_t>(pixels));
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1000.0 + static_cast<double>(Rng(1, 0).uniform(i, -1, 1));
  const auto moments = [&](int64_t first, int64_t last) {
    Moments m;
    for (int64_t i = first; i < last; ++i) m = merged(m, {1, x[static_cast<size_t>(i)], 0});
    return m;
  };
  const Moments whole = moments(0, pixels);
  double mean = 0, m2 = 0;
  for (const double v : x) mean += v / static_cast<double>(pixels);
  for (const double v : x) m2 += (v - mean) * (v - mean);
  CHECK(whole.mean == doctest::Approx(mean).epsilon(1e-12));
  CHECK(whole.m2 == doctest::Approx(m2).epsilon(1e-9));
  Moments parts;
  for (int64_t part = parts_of(pixels) - 1; part >= 0; --part) {
    const Range range = pixels_of_part(part, pixels);
    parts = merged(parts, moments(range.first, range.last));
  }
  CHECK(parts.count == static_cast<double>(pixels));
  CHECK(parts.mean == doctest::Approx(mean).epsilon(1e-12));
  CHECK(parts.m2 == doctest::Approx(m2).epsilon(1e-9));
}

TEST_CASE("shared math: pixels and their 2x2 windows, odd sides too") {
  for (const auto& [rows, columns] : {std::pair<uint32_t, uint32_t>{4, 6}, {5, 7}, {2, 3}}) {
    std::vector<int> windows(size_t{2} * rows * columns, -1);
    const uint32_t pooled = 2 * (rows / 2) * (columns / 2);
    for (uint32_t p = 0; p < pooled; ++p) {
      const int64_t at = upper_left(p, rows, columns);
      for (const int64_t pixel : {at, at + 1, at + columns, at + columns + 1}) {
        CHECK(windows.at(static_cast<size_t>(pixel)) == -1);  // no pixel is in two windows
        windows[static_cast<size_t>(pixel)] = static_cast<int>(p);
      }
    }
    for (uint32_t n = 0; n < 2; ++n)
      for (uint32_t row = 0; row < rows; ++row)
        for (uint32_t column = 0; column < columns; ++column) {
          const uint32_t number = (n * rows + row) * columns + column;
          const Pixel p = pixel_of(number, rows, columns);
          CHECK((p.image == n && p.row == row && p.column == column));
          CHECK(pooled_from(number, rows, columns) == windows[number]);
          CHECK((windows[number] == -1) == (row >= rows / 2 * 2 || column >= columns / 2 * 2));
        }
  }
}

TEST_CASE("shared math: a filter's place in cuDNN's layout") {
  const int64_t out = 3, in = 5, kernel = 3;
  std::vector<int> seen(static_cast<size_t>(out * in * kernel * kernel), 0);
  int64_t packed = 0;
  for (int64_t o = 0; o < out; ++o)
    for (int64_t cell = 0; cell < kernel * kernel; ++cell)
      for (int64_t i = 0; i < in; ++i) {
        const int64_t place = plain_place(packed++, in, kernel * kernel);
        CHECK(place == (o * in + i) * kernel * kernel + cell);
        ++seen.at(static_cast<size_t>(place));
      }
  CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
}

TEST_CASE("interleave_planes: channels become the last dimension") {
  Plain planes({2, 3, 4, 5});
  planes.random(1);
  std::vector<float> to(planes.values.size());
  interleave_planes(one_thread, planes.tensor, {to.data(), planes.tensor.shape, DType::f32, Layout::nhwc});
  each(planes.tensor.shape, [&](auto n, auto c, auto h, auto w) {
    CHECK(to[static_cast<size_t>(((n * 4 + h) * 5 + w) * 3 + c)] == planes[((n * 3 + c) * 4 + h) * 5 + w]);
  });
}

TEST_CASE("scale: written and added") {
  Plain x({2, 3}), y({2, 3}, 5), factor({}, 3);
  x.random(1);
  scale(one_thread, factor.tensor, x.tensor, y.tensor, true);
  for (int64_t i = 0; i < 6; ++i) CHECK(y[i] == 5 + 3 * x[i]);
  scale(one_thread, factor.tensor, x.tensor, y.tensor, false);
  for (int64_t i = 0; i < 6; ++i) CHECK(y[i] == 3 * x[i]);
}
