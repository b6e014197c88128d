#include "kernels/conv2d.h"

#include <omp.h>

#include <filesystem>
#include <thread>

#include "kernels/conv2d_kernel.h"
#include "kernels/fold.h"
#include "kernels/parallel.h"
#include "tensor/buffer.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// The naive loops, in double. X: callable (n, c, h, w) -> value.
struct Naive {
  Conv2dShape s;
  const Plain& filter;
  double weight(int64_t o, int64_t c, int64_t i, int64_t j) const {
    return static_cast<double>(filter.values[static_cast<size_t>(((o * s.in_channels + c) * s.kernel + i) * s.kernel + j)]);
  }
  // f(c, i, j, h, w) for every input pixel that output (o, y, x) sees.
  template <class F>
  void taps(int64_t y, int64_t x, const F& f) const {
    for (int64_t c = 0; c < s.in_channels; ++c)
      for (int64_t i = 0; i < s.kernel; ++i)
        for (int64_t j = 0; j < s.kernel; ++j) {
          const int64_t h = y * s.stride + i - s.pad, w = x * s.stride + j - s.pad;
          if (h >= 0 && w >= 0 && h < s.height && w < s.width) f(c, i, j, h, w);
        }
  }
};

struct Case {
  Conv2dShape shape;
  Conv2dChoice choice;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    if (dtype == DType::bf16 && !test_has_bf16()) continue;
    for (const int64_t images : {1, 3}) {
      for (const int threads : {1, 2}) {
        all.push_back({{images, 32, 9, 7, 16, 1, 1, 0, dtype, false}, {false, threads, 1}});
        all.push_back({{images, 16, 9, 7, 32, 3, 1, 1, dtype, false}, {false, threads, 1}});
        all.push_back({{images, 16, 10, 8, 16, 3, 2, 1, dtype, false}, {false, threads, 1}});
      }
    }
  }
  all.push_back({{2, 32, 16, 18, 32, 3, 1, 1, DType::f32, false}, {true, 2, 1}});
  return all;
}

// Operands in bf16 are exact in the double reference, since it reads what is stored; sums of products run in fp32. Winograd adds
// and subtracts transformed tiles: about ten times that.
bool near(double actual, double expected, const Case& c, DType stored, double terms) {
  const double scale = c.choice.winograd || on_gpu() ? 10 : 1;  // a GPU's library may choose Winograd itself
  return std::abs(actual - expected) <=
         rounding_of(stored, expected) + scale * 4 * std::sqrt(terms) * 0x1p-23 * std::max(1.0, std::sqrt(terms));
}

}  // namespace

TEST_CASE("conv2d: forward, backward_data and backward_filter are those of the naive loops") {
  for (const Case& c : cases()) {
    const Conv2dShape& s = c.shape;
    CAPTURE(s.filter());
    CAPTURE(s.images);
    CAPTURE(s.dtype);
    CAPTURE(c.choice.threads);
    CAPTURE(c.choice.winograd);
    Activation x({s.images, s.in_channels, s.height, s.width}, s.dtype), dx(x.shape, s.dtype);
    Activation y({s.images, s.out_channels, s.out_height(), s.out_width()}, s.dtype), dy(y.shape, s.dtype);
    Plain filter(s.filter()), dfilter(s.filter(), 3);
    x.random(1), dy.random(2), filter.random(3);
    for (float& w : filter.values) w = rounded(s.dtype, w);  // as it is when it is packed
    const Naive naive{s, filter};

    const ConvForward forward(s, c.choice, one_thread);
    Buffer packed(forward.packed_bytes(), test_place()), workspace(forward.workspace_bytes(), test_place());
    forward.pack(one_thread, filter.values.data(), packed.data());
    forward.run(one_thread, 0, slice_address(x.slice), packed.data(), slice_address(y.slice), workspace.data());
    int64_t wrong = 0;
    each(y.shape, [&](auto n, auto o, auto h, auto w) {
      double sum = 0;
      naive.taps(h, w, [&](auto k, auto i, auto j, auto ih, auto iw) { sum += naive.weight(o, k, i, j) * x.get(n, k, ih, iw); });
      wrong += near(y.get(n, o, h, w), sum, c, s.dtype, static_cast<double>(s.in_channels * s.kernel * s.kernel)) ? 0 : 1;
    });
    CHECK(wrong == 0);

    std::vector<double> dx_expected(static_cast<size_t>(x.shape.count())), dw_expected(filter.values.size());
    each(y.shape, [&](auto n, auto o, auto h, auto w) {
      naive.taps(h, w, [&](auto k, auto i, auto j, auto ih, auto iw) {
        dx_expected[static_cast<size_t>(((n * s.in_channels + k) * s.height + ih) * s.width + iw)] +=
            naive.weight(o, k, i, j) * dy.get(n, o, h, w);
        dw_expected[static_cast<size_t>(((o * s.in_channels + k) * s.kernel + i) * s.kernel + j)] +=
            x.get(n, k, ih, iw) * dy.get(n, o, h, w);
      });
    });

    const ConvBackwardData data(s, c.choice, one_thread);
    packed = Buffer(data.packed_bytes(), test_place()), workspace = Buffer(data.workspace_bytes(), test_place());
    data.pack(one_thread, filter.values.data(), packed.data());
    data.run(one_thread, 0, slice_address(dy.slice), packed.data(), slice_address(dx.slice), workspace.data());
    wrong = 0;
    size_t at = 0;
    each(x.shape, [&](auto... i) {
      wrong +=
          near(dx.get(i...), dx_expected[at++], c, s.dtype, static_cast<double>(s.out_channels * s.kernel * s.kernel)) ? 0 : 1;
    });
    CHECK(wrong == 0);

    const ConvBackwardFilter backward_filter(s, c.choice, one_thread);
    packed = Buffer(backward_filter.packed_bytes(), test_place()),
    workspace = Buffer(backward_filter.workspace_bytes(), test_place());
    backward_filter.run(one_thread, 0, slice_address(x.slice), slice_address(dy.slice), packed.data(), workspace.data());
    for (const bool accumulate : {true, false}) {
      backward_filter.unpack(one_thread, packed.data(), dfilter.values.data(), accumulate);
      wrong = 0;
      for (size_t i = 0; i < dw_expected.size(); ++i) {
        const double expected = dw_expected[i] + (accumulate ? 3.0 : 0.0);
        wrong += near(dfilter.values[i], expected, c, on_gpu() ? s.dtype : DType::f32,
                      static_cast<double>(s.images * s.height * s.width))
                     ? 0
                     : 1;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("conv2d: several callers at once, each with its own workspace, give the bits of one") {
  const Conv2dShape s{1, 32, 12, 12, 32, 3, 1, 1, DType::f32, false};
  Activation x({4, 32, 12, 12}, DType::f32), y(x.shape, DType::f32), z(x.shape, DType::f32);
  Plain filter(s.filter());
  x.random(1), filter.random(2);
  const ConvForward conv(s, {true, 1, 2}, one_thread);
  Buffer packed(conv.packed_bytes()), workspace(2 * conv.workspace_bytes());
  conv.pack(one_thread, filter.values.data(), packed.data());
  const auto run = [&](int caller, const Activation& to, int64_t image) {
    conv.run(one_thread, caller, slice_address({x.slice.buffer, image, 1, 0, 32}), packed.data(),
             slice_address({to.slice.buffer, image, 1, 0, 32}),
             workspace.data() + static_cast<size_t>(caller) * conv.workspace_bytes());
  };
  side_by_side(2, 4, [&](int caller, int64_t image, bool) { run(caller, y, image); });
  for (int64_t image = 0; image < 4; ++image) run(0, z, image);
  CHECK(y.bytes == z.bytes);
}

TEST_CASE("conv2d: the fold of the stem's filter is the convolution of a replicated plane") {
  Plain filter({16, 3, 7, 7}), folded({16, 1, 7, 7}), gradient({16, 3, 7, 7}, 2);
  filter.random(1);
  fold_filter(one_thread, filter.tensor, folded.tensor);
  for (int64_t o = 0; o < 16; ++o) {
    for (int64_t i = 0; i < 49; ++i)
      CHECK(folded[o * 49 + i] == filter[o * 147 + i] + filter[o * 147 + 49 + i] + filter[o * 147 + 98 + i]);
  }
  unfold_filter_gradient(one_thread, folded.tensor, gradient.tensor, true);
  CHECK(gradient[49 + 5] == 2 + folded[5]);
  unfold_filter_gradient(one_thread, folded.tensor, gradient.tensor, false);
  CHECK(gradient[2 * 49 + 5] == folded[5]);
  Plain plane({2, 1, 2, 2}), channels({2, 3, 2, 2});
  plane.random(2);
  replicate_plane(plane.tensor, channels.tensor);
  CHECK(channels[12 + 4 + 3] == plane[4 + 3]);
}

TEST_CASE("conv2d: channels that are no whole blocks are refused") {
  CHECK_THROWS_WITH_AS(ConvForward({1, 12, 8, 8, 16, 1, 1, 0, DType::f32, false}, {}, one_thread), doctest::Contains("conv2d"),
                       Error);
}

TEST_CASE("conv2d: one thread is one thread, whatever OpenMP would give") {
  const auto threads_here = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  // OpenMP keeps a team for each thread that has asked for one: this one has none yet.
  std::thread([&] {
    omp_set_num_threads(3);
    const Conv2dShape s{1, 32, 40, 40, 32, 3, 1, 1, DType::f32, false};
    const Stream stream{};
    const Buffer plain(static_cast<size_t>(32 * 32 * 9) * sizeof(float)), map(size_t{1} << 20), out(size_t{1} << 20);
    const auto before = threads_here();
    for (const bool winograd : {false, true}) {
      const auto made = cpu::make_conv2d(ConvPass::forward, s, {winograd, 1, 1});
      const Buffer packed(made->filter_bytes()), workspace(made->workspace_bytes() + 64);
      made->filter_from_plain(stream, reinterpret_cast<const float*>(plain.data()), packed.data());
      made->execute(stream, 0, {map.data(), packed.data(), out.data(), workspace.data()});
    }
    CHECK(threads_here() == before);
    CHECK(omp_get_max_threads() == 3);
  }).join();
}
