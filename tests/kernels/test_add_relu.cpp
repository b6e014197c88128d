#include "kernels/add.h"
#include "kernels/relu.h"
#include "tensor/error.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

std::vector<Shape> shapes() {
  const int64_t b = channel_block();
  return {{1, b, 1, 1}, {2, 3 * b, 5, 7}};
}

}  // namespace

TEST_CASE("add, add_relu, relu: values are those of the plain loop") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : shapes()) {
      for (const bool sliced : {false, true}) {
        CAPTURE(dtype);
        CAPTURE(shape);
        Activation a(shape, dtype, sliced), b(shape, dtype), sum(shape, dtype, sliced), cut(shape, dtype),
            relu(shape, dtype, sliced);
        a.random(1);
        b.random(2);
        add_forward(two_threads, a.slice, b.slice, sum.slice);
        add_relu_forward(two_threads, a.slice, b.slice, cut.slice);
        relu_forward(two_threads, a.slice, relu.slice);
        int64_t wrong = 0;
        each(shape, [&](auto... at) {
          const double expected = a.get(at...) + b.get(at...);
          if (!close(sum.get(at...), expected, dtype)) ++wrong;
          if (!close(cut.get(at...), expected > 0 ? expected : 0, dtype)) ++wrong;
          if (relu.get(at...) != (a.get(at...) > 0 ? a.get(at...) : 0)) ++wrong;
        });
        CHECK(wrong == 0);
        CHECK(sum.outside_untouched());
        CHECK(relu.outside_untouched());
      }
    }
  }
}

TEST_CASE("relu, add_relu: a NaN stays a NaN, and y may be x's memory") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Activation x({1, channel_block(), 2, 2}, dtype);
    x.fill(-1);
    x.set(0, 1, 1, 0, not_a_number);
    x.set(0, 2, 0, 1, 3);
    relu_forward(one_thread, x.slice, x.slice);
    CHECK(std::isnan(x.get(0, 1, 1, 0)));
    CHECK(x.get(0, 2, 0, 1) == 3);
    CHECK(x.get(0, 0, 0, 0) == 0);
    add_relu_forward(one_thread, x.slice, x.slice, x.slice);
    CHECK(std::isnan(x.get(0, 1, 1, 0)));
    CHECK(x.get(0, 2, 0, 1) == 6);
  }
}

TEST_CASE("add, add_relu, relu: gradients, written and added") {
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const Shape& shape : shapes()) {
      for (int mode = 0; mode < 4; ++mode) {
        const bool add_a = (mode & 1) != 0, add_b = (mode & 2) != 0;
        CAPTURE(dtype);
        CAPTURE(mode);
        Activation y(shape, dtype), dy(shape, dtype), da(shape, dtype), db(shape, dtype), ra(shape, dtype), rb(shape, dtype);
        Activation dx(shape, dtype, true);
        y.random(3);
        y.set(0, 0, 0, 0, 0);  // at 0 the gradient is 0
        dy.random(4);
        if (add_a) da.fill(1), ra.fill(1), dx.fill(1);
        if (add_b) db.fill(-2), rb.fill(-2);
        add_backward(two_threads, dy.slice, da.slice, add_a, db.slice, add_b);
        add_relu_backward(two_threads, dy.slice, y.slice, ra.slice, add_a, rb.slice, add_b);
        relu_backward(two_threads, dy.slice, y.slice, dx.slice, add_a);
        int64_t wrong = 0;
        each(shape, [&](auto... at) {
          const double plain = dy.get(at...);
          const double masked = y.get(at...) > 0 ? plain : 0;
          const double a0 = add_a ? 1 : 0, b0 = add_b ? -2 : 0;
          if (!close(da.get(at...), plain + a0, dtype) || !close(db.get(at...), plain + b0, dtype)) ++wrong;
          if (!close(ra.get(at...), masked + a0, dtype) || !close(rb.get(at...), masked + b0, dtype)) ++wrong;
          if (!close(dx.get(at...), masked + a0, dtype)) ++wrong;
        });
        CHECK(wrong == 0);
        CHECK(dx.outside_untouched());
      }
    }
  }
}

TEST_CASE("add_backward: one gradient for both branches, and a branch left out") {
  const Shape shape{1, channel_block(), 2, 3};
  Activation dy(shape, DType::f32), dx(shape, DType::f32);
  dy.fill(1.5);
  add_backward(one_thread, dy.slice, dx.slice, false, dx.slice, true);
  CHECK(dx.get(0, 0, 1, 2) == 3);
  add_backward(one_thread, dy.slice, Slice(), false, dx.slice, true);
  CHECK(dx.get(0, 0, 1, 2) == 4.5);
}

TEST_CASE("add_relu, relu: gradients agree with central differences") {
  const Shape shape{1, channel_block(), 3, 3};
  Activation a(shape, DType::f32), b(shape, DType::f32), y(shape, DType::f32), dy(shape, DType::f32);
  Activation da(shape, DType::f32), db(shape, DType::f32);
  a.random(5);
  b.random(6);
  dy.random(7);
  add_relu_forward(one_thread, a.slice, b.slice, y.slice);
  Activation out(shape, DType::f32);
  each(shape, [&](auto... at) { out.set(at..., y.get(at...)); });
  add_relu_backward(one_thread, dy.slice, out.slice, da.slice, false, db.slice, false);
  const auto objective = [&] {
    add_relu_forward(one_thread, a.slice, b.slice, y.slice);
    double total = 0;
    each(shape, [&](auto... at) { total += y.get(at...) * dy.get(at...); });
    return total;
  };
  const float step = 0x1p-10F;
  for (int64_t i = 0; i < shape.count(); ++i) {
    float& value = a.slice.buffer.as<float>()[i];
    if (std::abs(value + b.slice.buffer.as<float>()[i]) < 2 * step) continue;  // the corner has no derivative
    CHECK(std::abs(da.slice.buffer.as<float>()[i] - central_difference(value, step, objective)) < 1e-3);
  }
  CHECK(da.bytes == db.bytes);
}

TEST_CASE("add_relu: the same bits for 1 and 2 threads") {
  const Shape shape{3, 2 * channel_block(), 5, 5};
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    Activation a(shape, dtype), b(shape, dtype), y1(shape, dtype), y2(shape, dtype), d1(shape, dtype), d2(shape, dtype);
    a.random(8);
    b.random(9);
    add_relu_forward(one_thread, a.slice, b.slice, y1.slice);
    add_relu_forward(two_threads, a.slice, b.slice, y2.slice);
    relu_backward(one_thread, a.slice, y1.slice, d1.slice, false);
    relu_backward(two_threads, a.slice, y1.slice, d2.slice, false);
    CHECK(y1.bytes == y2.bytes);
    CHECK(d1.bytes == d2.bytes);
  }
}

TEST_CASE("add: wrong shapes, layouts and types name the op and both shapes") {
  const int64_t b = channel_block();
  Activation x({1, b, 4, 4}, DType::f32), y({1, b, 4, 5}, DType::f32), half({1, b, 4, 4}, DType::bf16);
  const std::string shapes = str("add_forward: a is [1,", b, ",4,4], b is [1,", b, ",4,5]");
  CHECK_THROWS_WITH_AS(add_forward(one_thread, x.slice, y.slice, x.slice), shapes.c_str(), Error);
  CHECK_THROWS_AS(relu_forward(one_thread, x.slice, half.slice), Error);
  Tensor plain = x.slice.buffer;
  plain.layout = Layout::plain;
  CHECK_THROWS_AS(relu_forward(one_thread, plain, x.slice), Error);
  CHECK_THROWS_AS(relu_forward(one_thread, Slice(x.slice.buffer, 0, 1, 0, b + 1), x.slice), Error);
  CHECK_THROWS_AS(relu_forward(one_thread, Slice(x.slice.buffer, 1, 1, 0, b), x.slice), Error);
  CHECK_THROWS_AS(relu_forward(one_thread, Slice(), x.slice), Error);
}
