// Each fp32 kernel of each instruction set beside its formula in double, every buffer between two forbidden pages. All numbers
// are small whole ones, so that fp32 holds every sum and the two have to be equal.
#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cstring>
#include <vector>

#include "embed/isa.h"
#include "embed/thorax.h"
#include "tensor/rng.h"
#include "tests/embed/guarded.h"

using namespace thorax;
using namespace thorax::test;

namespace {

using Floats = Guarded<float>;

std::vector<const embed::Kernels*> all_kernels() {
  std::vector<const embed::Kernels*> all;
  for (const int isa : {THORAX_ISA_PORTABLE, THORAX_ISA_AVX2, THORAX_ISA_AVX512, THORAX_ISA_NEON}) {
    const embed::Kernels* kernels = embed::kernels_up_to(isa);
    if (kernels != nullptr && std::find(all.begin(), all.end(), kernels) == all.end()) all.push_back(kernels);
  }
  return all;
}

// f(kernels, flush, width) for each.
template <class F>
void each(const F& f) {
  for (const embed::Kernels* kernels : all_kernels()) {
    INFO(kernels->name);
    for (const Flush flush : {Flush::front, Flush::back}) {
      for (const int width : {1, 2, 3, 5, 8, 13, 14, 15, 16, 27, 28, 29, 33}) {
        CAPTURE(width);
        f(*kernels, flush, width);
      }
    }
  }
}

Floats drawn(size_t count, Flush flush, uint64_t seed, int range = 4) {
  Floats floats(count, flush);
  const Rng rng(seed, 1);
  for (size_t i = 0; i < count; ++i)
    floats[i] = static_cast<float>(static_cast<int>(rng.below(i, static_cast<uint32_t>(2 * range + 1))) - range);
  return floats;
}

size_t different(const Floats& y, const std::vector<double>& expected) {
  REQUIRE(y.size() == expected.size());
  size_t count = 0;
  for (size_t i = 0; i < y.size(); ++i) count += static_cast<double>(y[i]) == expected[i] ? 0 : 1;
  return count;
}

double finished(double sum, float before, bool add, bool relu) {
  if (add) sum += static_cast<double>(before);
  return relu ? std::max(sum, 0.0) : sum;
}

struct Shape {
  int kernel, stride, blocks;
  bool add, relu;
};

// A row of outputs whose input, [blocks][kernel rows][columns][lanes], ends with the last value that is needed.
void check_conv_row(const embed::Kernels& kernels, Flush flush, int width, const Shape& s) {
  const int lanes = s.kernel == 7 ? 1 : 16, taps = s.kernel * s.kernel, columns = (width - 1) * s.stride + s.kernel;
  std::vector<int32_t> offsets;
  for (int c = 0; c < lanes; ++c)
    for (int tap = 0; tap < taps; ++tap) offsets.push_back((tap / s.kernel * columns + tap % s.kernel) * lanes + c);
  const size_t x_block = static_cast<size_t>(s.kernel * columns * lanes), blocks = static_cast<size_t>(s.blocks),
               steps = offsets.size(), outputs = static_cast<size_t>(width) * 16;
  const Floats x = drawn(blocks * x_block, flush, 1), weights = drawn(2 * blocks * steps * 16, flush, 2),
               bias = drawn(32, flush, 3), y = drawn(2 * outputs, flush, 4);
  std::vector<double> expected;
  for (size_t b = 0; b < 2; ++b) {
    for (size_t i = 0; i < outputs; ++i) {
      const size_t pixel = i / 16 * static_cast<size_t>(s.stride * lanes), lane = i % 16;
      auto sum = static_cast<double>(bias[b * 16 + lane]);
      for (size_t in = 0; in < blocks * steps; ++in)
        sum += static_cast<double>(x[in / steps * x_block + pixel + static_cast<size_t>(offsets[in % steps])]) *
               static_cast<double>(weights[(b * blocks * steps + in) * 16 + lane]);
      expected.push_back(finished(sum, y[b * outputs + i], s.add, s.relu));
    }
  }
  embed::ConvRow row{};
  row.x = x.data();
  row.x_block = static_cast<ptrdiff_t>(x_block);
  row.x_pixel = s.stride * lanes;
  row.blocks = s.blocks;
  row.offsets = offsets.data();
  row.steps = static_cast<int>(steps);
  row.weights = weights.data();
  row.bias = bias.data();
  row.y = y.data();
  row.y_block = static_cast<ptrdiff_t>(outputs);
  row.width = width;
  row.add = s.add;
  row.relu = s.relu;
  kernels.conv_row(row);
  CHECK(different(y, expected) == 0);
}

using Matrix = std::vector<std::vector<double>>;
// Lavin and Gray (2016), F(4x4, 3x3).
const Matrix of_input{{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                      {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
const Matrix of_output{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};

// Element (i, j) of m d m^T; d(row, column): 6x6.
template <class D>
double transformed(const Matrix& m, size_t i, size_t j, const D& d) {
  double sum = 0;
  for (size_t a = 0; a < 6; ++a)
    for (size_t b = 0; b < 6; ++b) sum += m[i][a] * m[j][b] * d(a, b);
  return sum;
}

}  // namespace

TEST_CASE("kernels: rows of convolutions are their sums, and nothing beside their buffers is touched") {
  each([](const embed::Kernels& kernels, Flush flush, int width) {
    for (const Shape& s :
         {Shape{1, 1, 1, false, false}, Shape{1, 1, 3, true, true}, Shape{1, 2, 2, false, true}, Shape{3, 1, 1, true, false},
          Shape{3, 1, 2, false, true}, Shape{3, 2, 2, true, true}, Shape{7, 2, 1, false, true}}) {
      CAPTURE(s.kernel);
      CAPTURE(s.stride);
      check_conv_row(kernels, flush, width, s);
    }
  });
}

TEST_CASE("kernels: clamps, means and sums of pixels") {
  each([](const embed::Kernels& kernels, Flush flush, int width) {
    const size_t count = static_cast<size_t>(width) * 16;
    const Floats x = drawn(2 * count, flush, 1), below = drawn(2 * count, flush, 2), low = drawn(16, flush, 3, 2),
                 high = drawn(16, flush, 4, 2), total = drawn(16, flush, 5), plain = drawn(16, flush, 5);
    for (size_t c = 0; c < 16; ++c) (c % 2 == 0 ? low[c] : high[c]) = c % 2 == 0 ? -FLT_MAX : FLT_MAX;
    const auto at = [&](const Floats& from, size_t pixel, size_t c) {
      return static_cast<double>(std::min(std::max(from[pixel * 16 + c], low[c]), high[c]));
    };
    std::vector<double> clamped, pooled, sums(16), plain_sums(16);
    for (size_t c = 0; c < 16; ++c) sums[c] = plain_sums[c] = static_cast<double>(total[c]);
    for (size_t i = 0; i < 2 * count; ++i) {
      clamped.push_back(at(x, i / 16, i % 16));
      sums[i % 16] += clamped.back();
      plain_sums[i % 16] += static_cast<double>(x[i]);
    }
    for (size_t i = 0; i < count; ++i) {
      const size_t p = 2 * (i / 16), c = i % 16;
      pooled.push_back((at(x, p, c) + at(x, p + 1, c) + at(below, p, c) + at(below, p + 1, c)) / 4);
    }
    const Floats y(2 * count, flush), half(count, flush);
    kernels.clamp(x.data(), low.data(), high.data(), y.data(), 2 * width);
    CHECK(different(y, clamped) == 0);
    kernels.clamp_pool(x.data(), below.data(), low.data(), high.data(), half.data(), width);
    CHECK(different(half, pooled) == 0);
    kernels.sum(x.data(), low.data(), high.data(), 2 * width, total.data());
    CHECK(different(total, sums) == 0);
    kernels.sum(x.data(), nullptr, nullptr, 2 * width, plain.data());
    CHECK(different(plain, plain_sums) == 0);
  });
}

TEST_CASE("kernels: the largest of three by three pixels, at every edge") {
  each([](const embed::Kernels& kernels, Flush flush, int width) {
    const int pixels = (width - 1) / 2 + 1;
    for (const int absent : {-1, 0, 2}) {
      std::vector<Floats> memory;
      memory.reserve(3);
      const float* rows[3];
      for (int i = 0; i < 3; ++i) {
        memory.push_back(drawn(static_cast<size_t>(width) * 16, flush, static_cast<uint64_t>(i)));
        for (float& v : memory.back()) v = v < 0 ? 0 : v;
        rows[i] = i == absent ? nullptr : memory.back().data();
      }
      std::vector<double> expected;
      for (int p = 0; p < pixels; ++p) {
        for (int c = 0; c < 16; ++c) {
          float most = 0;
          for (const float* row : rows)
            for (int x = std::max(2 * p - 1, 0); row != nullptr && x <= std::min(2 * p + 1, width - 1); ++x)
              most = std::max(most, row[16 * x + c]);
          expected.push_back(static_cast<double>(most));
        }
      }
      const Floats y(static_cast<size_t>(pixels) * 16, flush);
      kernels.max_pool(rows, width, y.data(), pixels);
      CHECK(different(y, expected) == 0);
    }
  });
}

TEST_CASE("kernels: Winograd's transforms, in front and behind") {
  each([](const embed::Kernels& kernels, Flush flush, int width) {
    const size_t tiles = static_cast<size_t>(width + 3) / 4, stride = tiles * 16 + 16;
    // Tiles of input reach one column over what is there, and further where the last tile is cut.
    const size_t columns = static_cast<size_t>(width) + 1, points = 35 * stride + tiles * 16;
    std::vector<Floats> memory;
    memory.reserve(6);
    const float* rows[6];
    for (size_t i = 0; i < 6; ++i) {
      memory.push_back(drawn(columns * 16, flush, i));
      rows[i] = memory.back().data();
    }
    const Floats v = drawn(points, flush, 7);
    kernels.winograd_in(rows, static_cast<int>(columns), static_cast<int>(tiles), v.data(), static_cast<ptrdiff_t>(stride));
    size_t wrong = 0;
    for (size_t k = 0; k < 36 * tiles * 16; ++k) {
      const size_t point = k / (tiles * 16), tile = k / 16 % tiles, c = k % 16;
      const auto d = [&](size_t a, size_t b) {
        const size_t x = 4 * tile + b;
        return x < columns ? static_cast<double>(rows[a][16 * x + c]) : 0.0;
      };
      const double ours = static_cast<double>(v[point * stride + 16 * tile + c]);
      wrong += ours == transformed(of_input, point / 6, point % 6, d) ? 0 : 1;
    }
    CHECK(wrong == 0);

    for (int height = 1; height <= 4; ++height) {
      const bool add = height % 2 == 0, relu = height > 2;
      const Floats bias = drawn(16, flush, 8), y = drawn(static_cast<size_t>(height * width) * 16, flush, 9);
      std::vector<double> expected;
      for (size_t i = 0; i < y.size(); ++i) {
        const size_t line = i / 16 / static_cast<size_t>(width), x = i / 16 % static_cast<size_t>(width), c = i % 16;
        const auto m = [&](size_t a, size_t b) { return static_cast<double>(v[(6 * a + b) * stride + x / 4 * 16 + c]); };
        expected.push_back(finished(transformed(of_output, line, x % 4, m) + static_cast<double>(bias[c]), y[i], add, relu));
      }
      kernels.winograd_out(v.data(), static_cast<ptrdiff_t>(stride),
                           {bias.data(), y.data(), static_cast<ptrdiff_t>(width) * 16, width, height, add, relu});
      CHECK(different(y, expected) == 0);
    }
  });
}
