// The end of a residual block against naive loops in double; tests/layers/test_residual.cpp has the central differences.
#include "kernels/residual.h"

#include "tests/kernels/batch_norm_problem.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// Two branches, the gradient of their sum behind a ReLU, and what follows from them.
struct Residual {
  Residual(const Shape& shape, DType dtype, bool sliced, bool with_projection)
      : projected(with_projection),
        left(shape, dtype, sliced),
        right(shape, dtype, sliced),
        y(shape, dtype, sliced),
        dy(shape, dtype),
        dx(shape, dtype, sliced),
        ds(shape, dtype, sliced) {
    right.x.random(11);
    for (size_t c = 0; c < right.size(); ++c) {
      const auto [m, v] = right.moments(static_cast<int64_t>(c));
      right.mean[c] = static_cast<float>(m);
      right.variance[c] = static_cast<float>(v);
      right.gamma[c] = -right.gamma[c] * 0.75F;
    }
    dy.random(12);
    norms[0] = left.norm();
    norms[1] = right.norm();
  }
  ResidualBranch branch() const { return {left.x.slice, &norms[0]}; }
  ResidualBranch shortcut() const { return {right.x.slice, projected ? &norms[1] : nullptr}; }

  void forward(const Stream& stream) const { residual_forward(stream, branch(), shortcut(), y.slice); }
  // Sums and totals as batch norm's own oracle has them: of dz, dy where the stored y is above 0.
  void mask() {
    each(left.shape, [&](auto... at) {
      const double dz = y.get(at...) > 0 ? dy.get(at...) : 0;
      left.dy.set(at..., dz);
      right.dy.set(at..., dz);
    });
  }
  void apply(const Stream& stream, bool add_x, bool add_s, bool training) {
    std::vector<float> totals[2][2];
    const Problem* sides[2] = {&left, &right};
    for (int side = 0; side < 2; ++side) {
      for (size_t c = 0; c < left.size(); ++c) {
        const Sums s = sides[side]->sums(false, static_cast<int64_t>(c));
        totals[side][0].push_back(static_cast<float>(s.dz));
        totals[side][1].push_back(static_cast<float>(s.dz_xhat));
      }
    }
    ResidualGradient of_x{dx.slice, add_x}, of_s{ds.slice, add_s};
    if (training) {
      of_x.sum_dz = totals[0][0].data(), of_x.sum_dz_xhat = totals[0][1].data();
      if (projected) of_s.sum_dz = totals[1][0].data(), of_s.sum_dz_xhat = totals[1][1].data();
    }
    residual_backward_apply(stream, branch(), shortcut(), dy.slice, y.slice, left.count(), of_x, of_s);
  }
  double expected_dx(const Problem& p, bool training, int64_t n, int64_t c, int64_t h, int64_t w) const {
    return training ? p.dx(false, p.sums(false, c), n, c, h, w) : p.a(c) * p.dy.get(n, c, h, w);
  }

  bool projected;
  Problem left, right;
  Activation y, dy, dx, ds;
  BatchNorm norms[2]{};
};

template <class F>
void for_residuals(const F& f) {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : batch_norm_shapes()) {
      for (const bool sliced : {false, true}) {
        for (const bool projected : {false, true}) {
          CAPTURE(dtype);
          CAPTURE(shape);
          CAPTURE(sliced);
          CAPTURE(projected);
          Residual r(shape, dtype, sliced, projected);
          f(r);
        }
      }
    }
  }
}

int64_t wrong_sums(const Problem& p, const std::vector<float>& sums) {
  int64_t wrong = 0;
  for (int64_t n = 0; n < p.shape[0]; ++n) {
    for (int64_t c = 0; c < p.shape[1]; ++c) {
      const Sums s = p.sums(false, n, c);
      const auto at = static_cast<size_t>(2 * n * p.shape[1] + c);
      wrong += close(sums[at], s.dz, DType::f32, 16, s.dz_size) ? 0 : 1;
      wrong += close(sums[at + p.size()], s.dz_xhat, DType::f32, 16, s.dz_xhat_size) ? 0 : 1;
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("residual: the sum of both branches behind a ReLU, with and without a batch norm in the shortcut") {
  for_residuals([](Residual& r) {
    r.forward(two_threads);
    CHECK(count_wrong(r.y, 8, [&](auto... at) {
            return std::max(0.0, r.left.z(at...) + (r.projected ? r.right.z(at...) : r.right.x.get(at...)));
          }) == 0);
    CHECK(r.y.outside_untouched());
  });
}

TEST_CASE("residual: the sums of each image, where the stored output is above zero") {
  for_residuals([](Residual& r) {
    r.forward(one_thread);
    r.mask();
    std::vector<float> left(static_cast<size_t>(2 * r.left.shape[0]) * r.left.size(), std::nanf("")), right = left;
    residual_backward_sums(two_threads, r.branch(), r.shortcut(), r.dy.slice, r.y.slice, left.data(),
                           r.projected ? right.data() : nullptr);
    CHECK(wrong_sums(r.left, left) == 0);
    if (r.projected) CHECK(wrong_sums(r.right, right) == 0);
  });
}

TEST_CASE("residual: both gradients, written over NaN and added, while training and in evaluation mode") {
  for_residuals([](Residual& r) {
    r.forward(one_thread);
    r.mask();
    for (const bool training : {true, false}) {
      for (int mode = 0; mode < 4; ++mode) {
        const bool add_x = (mode & 1) != 0, add_s = (mode & 2) != 0;
        CAPTURE(training);
        CAPTURE(mode);
        r.dx.fill(add_x ? 0.5 : not_a_number);
        r.ds.fill(add_s ? -0.25 : not_a_number);
        r.apply(two_threads, add_x, add_s, training);
        CHECK(count_wrong(r.dx, 32, [&](auto... at) { return r.expected_dx(r.left, training, at...) + (add_x ? 0.5 : 0); }) == 0);
        CHECK(count_wrong(r.ds, 32, [&](auto... at) {
                const double gradient = r.projected ? r.expected_dx(r.right, training, at...) : r.right.dy.get(at...);
                return gradient + (add_s ? -0.25 : 0);
              }) == 0);
        CHECK(r.dx.outside_untouched());
        CHECK(r.ds.outside_untouched());
      }
    }
  });
}

TEST_CASE("residual: a gradient that nobody wants is left out, and both may be one") {
  Residual r({2, channel_block(), 3, 3}, DType::f32, false, false);
  r.forward(one_thread);
  r.mask();
  residual_backward_apply(one_thread, r.branch(), r.shortcut(), r.dy.slice, r.y.slice, r.left.count(), {}, {r.ds.slice, false});
  CHECK(count_wrong(r.ds, 1, [&](auto... at) { return r.left.dy.get(at...); }) == 0);
  CHECK(std::isnan(r.dx.get(0, 0, 0, 0)));
  residual_backward_apply(one_thread, r.branch(), r.shortcut(), r.dy.slice, r.y.slice, r.left.count(), {r.dx.slice, false},
                          {r.dx.slice, true});
  CHECK(count_wrong(r.dx, 8, [&](int64_t n, int64_t c, int64_t h, int64_t w) {
          return (1 + r.left.a(c)) * r.left.dy.get(n, c, h, w);
        }) == 0);
}

TEST_CASE("residual: a NaN is handed on, and the bits are the same for 1 and 2 threads") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Residual one({3, 2 * channel_block(), 5, 5}, dtype, false, true), two({3, 2 * channel_block(), 5, 5}, dtype, false, true);
    one.right.x.set(0, 1, 2, 3, not_a_number);
    two.right.x.set(0, 1, 2, 3, not_a_number);
    one.forward(one_thread);
    two.forward(two_threads);
    CHECK(std::isnan(one.y.get(0, 1, 2, 3)));
    CHECK(one.y.bytes == two.y.bytes);
    one.apply(one_thread, false, false, false);
    two.apply(two_threads, false, false, false);
    CHECK(one.dx.bytes == two.dx.bytes);
    CHECK(one.ds.bytes == two.ds.bytes);
  }
}

TEST_CASE("residual: what does not fit is refused with the op and both shapes") {
  const int64_t b = channel_block();
  Residual r({1, b, 4, 4}, DType::f32, false, true);
  Activation wide({1, b, 4, 5}, DType::f32), half({1, b, 4, 4}, DType::bf16);
  const std::string shapes = str("residual_forward: x is [1,", b, ",4,4], y is [1,", b, ",4,5]");
  CHECK_THROWS_WITH_AS(residual_forward(one_thread, r.branch(), r.shortcut(), wide.slice), shapes.c_str(), Error);
  CHECK_THROWS_AS(residual_forward(one_thread, r.branch(), {half.slice}, r.y.slice), Error);
  CHECK_THROWS_AS(residual_forward(one_thread, {r.left.x.slice}, r.shortcut(), r.y.slice), Error);
  std::vector<float> sums(static_cast<size_t>(2 * b));
  CHECK_THROWS_AS(residual_backward_sums(one_thread, r.branch(), r.shortcut(), r.dy.slice, r.y.slice, sums.data(), nullptr),
                  Error);
  CHECK_THROWS_AS(
      residual_backward_apply(one_thread, r.branch(), r.shortcut(), r.dy.slice, r.y.slice, 16, {wide.slice, false}, {}), Error);
}
