#include "kernels/linear.h"
#include "tensor/error.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

struct Case {
  int64_t images, in, out;
};

// Tails of every kind: shorter than a vector, between one and four vectors, whole.
const std::vector<Case> cases{{1, 1, 1}, {2, 5, 3}, {3, 37, 10}, {5, 64, 2}, {4, 131, 14}, {33, 1024, 3}};

}  // namespace

TEST_CASE("linear_forward: x W^T + bias") {
  for (const Case& c : cases) {
    CAPTURE(c.in);
    Plain x({c.images, c.in}), w({c.out, c.in}), bias({c.out}), y({c.images, c.out});
    x.random(1), w.random(2), bias.random(3);
    linear_forward(two_threads, x.tensor, w.tensor, bias.tensor, y.tensor);
    for (int64_t n = 0; n < c.images; ++n) {
      for (int64_t o = 0; o < c.out; ++o) {
        double expected = bias[o];
        for (int64_t i = 0; i < c.in; ++i) expected += double{x[n * c.in + i]} * w[o * c.in + i];
        CHECK(close(y[n * c.out + o], expected, DType::f32, std::sqrt(static_cast<double>(c.in)) + 2));
      }
    }
  }
}

TEST_CASE("linear_backward: data, weights and bias, written and added") {
  for (const Case& c : cases) {
    for (const bool accumulate : {false, true}) {
      CAPTURE(c.in);
      CAPTURE(accumulate);
      const double before = accumulate ? 0.75 : not_a_number;
      const double start = accumulate ? 0.75 : 0.0;
      Plain dy({c.images, c.out}), w({c.out, c.in}), x({c.images, c.in});
      Plain dx({c.images, c.in}, before), dw({c.out, c.in}, before), db({c.out}, before);
      x.random(4), w.random(5), dy.random(6);
      linear_backward_data(two_threads, dy.tensor, w.tensor, dx.tensor, accumulate);
      linear_backward_weights(two_threads, dy.tensor, x.tensor, dw.tensor, db.tensor, accumulate);
      const auto terms = static_cast<double>(c.images + c.out);
      int64_t wrong = 0;
      for (int64_t n = 0; n < c.images; ++n) {
        for (int64_t i = 0; i < c.in; ++i) {
          double expected = start;
          for (int64_t o = 0; o < c.out; ++o) expected += double{dy[n * c.out + o]} * w[o * c.in + i];
          if (!close(dx[n * c.in + i], expected, DType::f32, terms)) ++wrong;
        }
      }
      for (int64_t o = 0; o < c.out; ++o) {
        for (int64_t i = 0; i < c.in; ++i) {
          double expected = start;
          for (int64_t n = 0; n < c.images; ++n) expected += double{dy[n * c.out + o]} * x[n * c.in + i];
          if (!close(dw[o * c.in + i], expected, DType::f32, terms)) ++wrong;
        }
        double expected = start;
        for (int64_t n = 0; n < c.images; ++n) expected += dy[n * c.out + o];
        if (!close(db[o], expected, DType::f32, terms)) ++wrong;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("linear: gradients agree with central differences") {
  Plain x({2, 19}), w({3, 19}), bias({3}), y({2, 3}), dy({2, 3}), dx({2, 19}), dw({3, 19}), db({3});
  x.random(7), w.random(8), bias.random(9), dy.random(10);
  linear_backward_data(one_thread, dy.tensor, w.tensor, dx.tensor, false);
  linear_backward_weights(one_thread, dy.tensor, x.tensor, dw.tensor, db.tensor, false);
  const auto objective = [&] {
    linear_forward(one_thread, x.tensor, w.tensor, bias.tensor, y.tensor);
    double total = 0;
    for (int64_t i = 0; i < 6; ++i) total += double{y[i]} * dy[i];
    return total;
  };
  for (int64_t i = 0; i < 38; ++i) CHECK(std::abs(dx[i] - central_difference(x[i], 0.5F, objective)) < 1e-5);
  for (int64_t i = 0; i < 57; ++i) CHECK(std::abs(dw[i] - central_difference(w[i], 0.5F, objective)) < 1e-5);
  for (int64_t i = 0; i < 3; ++i) CHECK(std::abs(db[i] - central_difference(bias[i], 0.5F, objective)) < 1e-5);
}

TEST_CASE("linear: the same bits for 1 and 2 threads") {
  Plain x({7, 131}), w({5, 131}), bias({5}), dy({7, 5});
  x.random(11), w.random(12), bias.random(13), dy.random(14);
  Plain y1({7, 5}), y2({7, 5}), dx1({7, 131}), dx2({7, 131}), dw1({5, 131}), dw2({5, 131}), db1({5}), db2({5});
  linear_forward(one_thread, x.tensor, w.tensor, bias.tensor, y1.tensor);
  linear_forward(two_threads, x.tensor, w.tensor, bias.tensor, y2.tensor);
  linear_backward_data(one_thread, dy.tensor, w.tensor, dx1.tensor, false);
  linear_backward_data(two_threads, dy.tensor, w.tensor, dx2.tensor, false);
  linear_backward_weights(one_thread, dy.tensor, x.tensor, dw1.tensor, db1.tensor, false);
  linear_backward_weights(two_threads, dy.tensor, x.tensor, dw2.tensor, db2.tensor, false);
  CHECK(y1.values == y2.values);
  CHECK(dx1.values == dx2.values);
  CHECK(dw1.values == dw2.values);
  CHECK(db1.values == db2.values);
}

TEST_CASE("linear: wrong shapes name the op and both shapes") {
  Plain x({2, 8}), w({3, 7}), bias({3}), y({2, 3});
  CHECK_THROWS_WITH_AS(linear_forward(one_thread, x.tensor, w.tensor, bias.tensor, y.tensor),
                       "linear_forward: x is [2,8], weight is [3,7]", Error);
  Plain good({3, 8});
  CHECK_THROWS_WITH_AS(linear_forward(one_thread, x.tensor, good.tensor, bias.tensor, x.tensor),
                       "linear_forward: y is [2,8], expected [2,3]", Error);
  CHECK_THROWS_AS(linear_backward_data(one_thread, x.tensor, good.tensor, x.tensor, false), Error);
  CHECK_THROWS_AS(linear_backward_weights(one_thread, y.tensor, w.tensor, good.tensor, bias.tensor, false), Error);
}
