#include <bit>
#include <fstream>
#include <string>

#include "kernels/sgd.h"
#include "tensor/error.h"
#include "tests/kernels/activation.h"

using namespace thorax;
using namespace thorax::test;

namespace {

std::vector<float> read_bits(std::istream& in, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) {
    uint32_t bits = 0;
    REQUIRE_FALSE((in >> bits).fail());
    value = std::bit_cast<float>(bits);
  }
  return values;
}

}  // namespace

TEST_CASE("sgd_update: three steps equal PyTorch's bit for bit") {
  std::ifstream in(std::string(THORAX_SOURCE_DIR) + "/tests/kernels/sgd_oracle.txt");
  REQUIRE(in.is_open());
  int cases = 0;
  while (in >> std::ws && in.peek() != EOF) {
    const std::vector<float> figures = read_bits(in, 3);
    size_t count = 0;
    REQUIRE_FALSE((in >> count).fail());
    std::vector<SgdScalars> memory{{figures[0], figures[1], figures[2], 1}};  // a GPU cannot read the stack
    SgdScalars& scalars = memory[0];
    const Shape shape{static_cast<int64_t>(count)};
    Plain parameter(shape), momentum(shape), gradient(shape);
    parameter.values = read_bits(in, count);
    parameter.tensor.data = parameter.values.data();
    for (int step = 0; step < 3; ++step) {
      gradient.values = read_bits(in, count);
      gradient.tensor.data = gradient.values.data();
      sgd_update(two_threads, gradient.tensor, &scalars, parameter.tensor, momentum.tensor);
      CHECK(parameter.values == read_bits(in, count));
      const std::vector<float> buffer = read_bits(in, count);
      // Without momentum PyTorch keeps no buffer.
      if (scalars.momentum != 0.0F) CHECK(momentum.values == buffer);
      scalars.first = 0;
    }
    ++cases;
  }
  CHECK(cases == 3);
}

TEST_CASE("sgd_update: the first step does not read the momentum's memory") {
  Plain parameter({3}, 1), gradient({3}, 0.5), momentum({3}, not_a_number);
  const std::vector<SgdScalars> memory{{0.5F, 0.9F, 0.0F, 1}};
  const SgdScalars& scalars = memory[0];
  sgd_update(one_thread, gradient.tensor, &scalars, parameter.tensor, momentum.tensor);
  CHECK(parameter.values == std::vector<float>(3, 0.75F));
  CHECK(momentum.values == std::vector<float>(3, 0.5F));
}

TEST_CASE("sgd_update: the same bits for 1 and 2 threads, over many pieces and a tail") {
  const Shape shape{50001};
  Plain g(shape), p1(shape), p2(shape), m1(shape), m2(shape);
  g.random(1), p1.random(2), p2.random(2), m1.random(3), m2.random(3);
  const std::vector<SgdScalars> memory{{0.01F, 0.9F, 1e-4F, 0}};
  const SgdScalars& scalars = memory[0];
  sgd_update(one_thread, g.tensor, &scalars, p1.tensor, m1.tensor);
  sgd_update(two_threads, g.tensor, &scalars, p2.tensor, m2.tensor);
  CHECK(p1.values == p2.values);
  CHECK(m1.values == m2.values);
  // The element's place does not matter: the tail is computed like the rest.
  Plain one_g({1}, g[50000]), one_p({1}), one_m({1});
  one_p.random(2), one_m.random(3);
  Plain again_p(shape), again_m(shape);
  again_p.random(2), again_m.random(3);
  one_p[0] = again_p[50000], one_m[0] = again_m[50000];
  sgd_update(one_thread, one_g.tensor, &scalars, one_p.tensor, one_m.tensor);
  CHECK(one_p[0] == p1[50000]);
  CHECK(one_m[0] == m1[50000]);
}

TEST_CASE("sgd_update: wrong shapes name the op and both shapes") {
  Plain g({3}), p({4}), m({4});
  const SgdScalars scalars;
  CHECK_THROWS_WITH_AS(sgd_update(one_thread, g.tensor, &scalars, p.tensor, m.tensor),
                       "sgd_update: gradient is [3], expected [4]", Error);
  CHECK_THROWS_AS(sgd_update(one_thread, p.tensor, nullptr, p.tensor, m.tensor), Error);
}

TEST_CASE("sgd_update: a clipped gradient counts by its scale, weight decay in full") {
  Plain parameter({2}, 1), gradient({2}, 0.5), momentum({2}, 0);
  const std::vector<SgdScalars> memory{{0.5F, 0.9F, 0.25F, 0, 0.5F}};
  const SgdScalars& scalars = memory[0];
  sgd_update(one_thread, gradient.tensor, &scalars, parameter.tensor, momentum.tensor);
  CHECK(momentum.values == std::vector<float>(2, 0.5F));
  CHECK(parameter.values == std::vector<float>(2, 0.75F));
}
