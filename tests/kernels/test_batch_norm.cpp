// Batch norm + ReLU against naive loops in double; tests/kernels/test_batch_norm_gradients.cpp has the differences and
// identities.
#include "tests/kernels/batch_norm_problem.h"

using namespace thorax;
using namespace thorax::test;

namespace {

struct Totals {
  explicit Totals(const Problem& p, bool relu) : dz(p.size()), dz_xhat(p.size()) {
    for (size_t c = 0; c < p.size(); ++c) {
      const Sums s = p.sums(relu, static_cast<int64_t>(c));
      dz[c] = static_cast<float>(s.dz);
      dz_xhat[c] = static_cast<float>(s.dz_xhat);
    }
  }
  std::vector<float> dz, dz_xhat;
};

std::vector<float> sums_for(const Problem& p) {
  return std::vector<float>(static_cast<size_t>(p.shape[0] * 2 * p.shape[1]), std::nanf(""));
}

// Of sums_block's accumulators each takes at most a quarter of 256 pixels.
constexpr double terms_of_sum = 16;

void check_sums(const Problem& p, bool relu, const std::vector<float>& sums) {
  int64_t wrong = 0;
  for (int64_t n = 0; n < p.shape[0]; ++n) {
    for (int64_t c = 0; c < p.shape[1]; ++c) {
      const Sums s = p.sums(relu, n, c);
      const auto at = static_cast<size_t>(2 * n * p.shape[1] + c);
      wrong += close(sums[at], s.dz, DType::f32, terms_of_sum, s.dz_size) ? 0 : 1;
      wrong += close(sums[at + p.size()], s.dz_xhat, DType::f32, terms_of_sum, s.dz_xhat_size) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("batch_norm: forward is the formula, also in place") {
  for_problems([](const Problem& p, bool relu) {
    Activation y(p.shape, p.x.dtype, true);
    batch_norm_relu_forward(two_threads, p.x.slice, p.norm(), y.slice, relu);
    CHECK(y.outside_untouched());
    CHECK(count_wrong(y, 16, [&](auto... at) { return p.y(relu, at...); }) == 0);
    Activation again(p.shape, p.x.dtype, true);
    each(p.shape, [&](auto... at) { again.set(at..., p.x.get(at...)); });
    batch_norm_relu_forward(one_thread, again.slice, p.norm(), again.slice, relu);
    CHECK(y.bytes == again.bytes);
  });
}

TEST_CASE("batch_norm: a NaN in the input is handed on, by ReLU too") {
  const Shape shape{1, channel_block(), 2, 3};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Problem p(shape, dtype, false);
    p.x.set(0, 1, 1, 2, not_a_number);
    for (const bool relu : {true, false}) {
      Activation y(shape, dtype);
      batch_norm_relu_forward(one_thread, p.x.slice, p.norm(), y.slice, relu);
      each(shape, [&](auto n, auto c, auto h, auto w) { CHECK(std::isnan(y.get(n, c, h, w)) == (c == 1 && h == 1 && w == 2)); });
    }
  }
}

TEST_CASE("batch_norm: sums of each image") {
  for_problems([](const Problem& p, bool relu) {
    std::vector<float> sums = sums_for(p);
    batch_norm_relu_backward_sums(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, sums.data());
    check_sums(p, relu, sums);
  });
}

TEST_CASE("batch_norm: finish_sums writes or adds, and leaves the totals") {
  const std::vector<float> sums{1, 2, 10, 20, 3, 4, 30, 40};  // [2 images, 2, 2 channels]
  std::vector<float> dgamma{100, 200}, dbeta{1000, 2000}, dz(2), dz_xhat(2);
  finish_sums(one_thread, sums.data(), 2, 2, dgamma.data(), dbeta.data(), true, dz.data(), dz_xhat.data());
  CHECK(dz == std::vector<float>{4, 6});
  CHECK(dz_xhat == std::vector<float>{40, 60});
  CHECK(dgamma == std::vector<float>{140, 260});
  CHECK(dbeta == std::vector<float>{1004, 2006});
  dgamma.assign(2, std::nanf("")), dbeta = dgamma;
  finish_sums(one_thread, sums.data(), 2, 2, dgamma.data(), dbeta.data(), false, dz.data(), dz_xhat.data());
  CHECK(dgamma == dz_xhat);
  CHECK(dbeta == dz);
  finish_sums(one_thread, sums.data(), 1, 2, nullptr, nullptr, false, dz.data(), dz_xhat.data());
  CHECK(dz == std::vector<float>{1, 2});
}

TEST_CASE("batch_norm: the gradient is the formula, written or added, also in place and in evaluation mode") {
  for_problems([](const Problem& p, bool relu) {
    const Totals totals(p, relu);
    std::vector<Sums> sums;
    for (int64_t c = 0; c < p.shape[1]; ++c) sums.push_back(p.sums(relu, c));
    for (const DType type : {DType::f32, DType::bf16, DType::f16}) {
      for (const bool evaluation : {false, true}) {
        const float* dz = evaluation ? nullptr : totals.dz.data();
        const float* dz_xhat = evaluation ? nullptr : totals.dz_xhat.data();
        const auto expected = [&](auto n, auto c, auto h, auto w) {
          if (evaluation) return p.a(c) * p.dz(relu, n, c, h, w);
          return p.dx(relu, sums[static_cast<size_t>(c)], n, c, h, w);
        };
        Activation dx(p.shape, type, true);
        batch_norm_relu_backward_apply(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, dz, dz_xhat, p.count(), dx.slice,
                                       false);
        CHECK(count_wrong(dx, 32, expected) == 0);
        CHECK(dx.outside_untouched());
        if (type == p.x.dtype) {
          Activation in_place(p.shape, type, true);
          each(p.shape, [&](auto... at) { in_place.set(at..., p.dy.get(at...)); });
          batch_norm_relu_backward_apply(one_thread, p.x.slice, in_place.slice, p.norm(), relu, dz, dz_xhat, p.count(),
                                         in_place.slice, false);
          CHECK(in_place.bytes == dx.bytes);
        }
        dx.fill(0.5);
        batch_norm_relu_backward_apply(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, dz, dz_xhat, p.count(), dx.slice,
                                       true);
        CHECK(count_wrong(dx, 32, [&](auto... at) { return 0.5 + expected(at...); }) == 0);
      }
    }
  });
}

TEST_CASE("batch_norm: the linear form writes or adds a*dz and takes the sums in the same pass") {
  for_problems([](const Problem& p, bool relu) {
    for (const DType type : {DType::f32, DType::bf16, DType::f16}) {
      for (const bool accumulate : {false, true}) {
        Activation g(p.shape, type, true);
        if (accumulate) g.fill(0.25);
        std::vector<float> sums = sums_for(p);
        batch_norm_relu_backward_linear(two_threads, p.x.slice, p.dy.slice, p.norm(), relu, g.slice, accumulate, sums.data());
        const double before = accumulate ? 0.25 : 0;
        CHECK(count_wrong(g, 16, [&](auto n, auto c, auto h, auto w) { return before + p.a(c) * p.dz(relu, n, c, h, w); }) == 0);
        CHECK(g.outside_untouched());
        check_sums(p, relu, sums);
      }
    }
  });
}

TEST_CASE("batch_norm: nothing cancels where the mean is a thousand times the deviation") {
  const Problem p({2, channel_block(), 12, 13}, DType::f32, false, 1000);
  Activation y(p.shape, DType::f32), dx(p.shape, DType::f32);
  std::vector<float> sums = sums_for(p);
  batch_norm_relu_forward(one_thread, p.x.slice, p.norm(), y.slice, false);
  CHECK(count_wrong(y, 4, [&](auto... at) { return p.y(false, at...); }) > 0);  // a*x + s has the size of a*mean,
  each(p.shape, [&](auto n, auto c, auto h, auto w) {                           // and its rounding, as everywhere
    CHECK(close(y.get(n, c, h, w), p.y(false, n, c, h, w), DType::f32, 2, 1000 * std::abs(p.a(c))));
  });
  batch_norm_relu_backward_sums(one_thread, p.x.slice, p.dy.slice, p.norm(), false, sums.data());
  check_sums(p, false, sums);  // x - mean is exact
  const Totals totals(p, false);
  batch_norm_relu_backward_apply(one_thread, p.x.slice, p.dy.slice, p.norm(), false, totals.dz.data(), totals.dz_xhat.data(),
                                 p.count(), dx.slice, false);
  CHECK(count_wrong(dx, 32, [&](auto n, auto c, auto h, auto w) { return p.dx(false, p.sums(false, c), n, c, h, w); }) == 0);
}

TEST_CASE("batch_norm: shapes and types that do not fit are refused by name, with both shapes") {
  const int64_t b = channel_block();
  const Shape shape{2, b, 4, 4};
  const Problem p(shape, DType::f32, false);
  const Activation wide({2, b, 4, 5}, DType::f32), half(shape, DType::bf16), pooled({2, b, 2, 2}, DType::f32);
  const Slice& x = p.x.slice;
  const Slice& dy = p.dy.slice;
  const BatchNorm n = p.norm();
  std::vector<float> s = sums_for(p);
  const auto refuses = [&](const std::string& message, const auto& call) {
    CHECK_THROWS_WITH_AS(call(), message.c_str(), Error);
  };
  const std::string shapes = str(": x is ", shape, ", dy is [2,", b, ",4,5]");
  refuses(str("batch_norm_relu_forward: x is ", shape, ", y is [2,", b, ",4,5]"),
          [&] { batch_norm_relu_forward(one_thread, x, n, wide.slice, true); });
  refuses(str("batch_norm_relu_forward: x ", shape, " is f32, y ", shape, " is bf16"),
          [&] { batch_norm_relu_forward(one_thread, x, n, half.slice, true); });
  refuses("batch_norm_relu_backward_sums" + shapes,
          [&] { batch_norm_relu_backward_sums(one_thread, x, wide.slice, n, true, s.data()); });
  refuses("batch_norm_relu_backward_linear" + shapes,
          [&] { batch_norm_relu_backward_linear(one_thread, x, wide.slice, n, true, dy, false, s.data()); });
  refuses(str("batch_norm_relu_backward_linear: x is ", shape, ", g is [2,", b, ",4,5]"),
          [&] { batch_norm_relu_backward_linear(one_thread, x, dy, n, true, wide.slice, false, s.data()); });
  refuses("batch_norm_relu_backward_apply" + shapes,
          [&] { batch_norm_relu_backward_apply(one_thread, x, wide.slice, n, true, s.data(), s.data(), 32, dy, false); });
  refuses(str("batch_norm_relu_backward_apply: x is ", shape, ", dx is [2,", b, ",4,5]"),
          [&] { batch_norm_relu_backward_apply(one_thread, x, dy, n, true, s.data(), s.data(), 32, wide.slice, false); });
  refuses(str("apply_corrections: g is [2,", b, ",4,5], x is ", shape),
          [&] { apply_corrections(one_thread, wide.slice, x, n.mean, n.variance, n.eps, s.data(), s.data(), dy); });
  refuses(str("batch_norm_relu_avg_pool_forward: x is ", shape, ", y is ", shape, ", expected [2,", b, ",2,2]"),
          [&] { batch_norm_relu_avg_pool_forward(one_thread, x, n, dy); });
  refuses(str("batch_norm_relu_avg_pool_backward_apply: x is ", shape, ", dx is [2,", b, ",4,5]"), [&] {
    batch_norm_relu_avg_pool_backward_apply(one_thread, x, pooled.slice, n, s.data(), s.data(), 32, wide.slice, false);
  });
  CHECK_THROWS_WITH_AS(batch_norm_relu_forward(one_thread, Slice(x.buffer, 0, 2, 1, b - 1), n, dy, true),
                       doctest::Contains("expected whole blocks"), Error);
  CHECK_THROWS_WITH_AS(batch_norm_relu_forward(one_thread, Slice(x.buffer, 1, 2, 0, b), n, dy, true),
                       doctest::Contains("outside"), Error);
}
