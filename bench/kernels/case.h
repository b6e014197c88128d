// A benchmark of one kernel: what it reads and writes, how it is called, what it must give, and what it must move.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/kernels/problem.h"
#include "tensor/slice.h"
#include "tensor/stream.h"

namespace thorax::bench {

struct Operand {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
  Layout layout = Layout::plain;
  enum class Use : uint8_t { in, out, inout } use = Use::in;
  // Element i in the plain order; empty: uniform in [-1, 1).
  std::function<double(int64_t)> fill{};
};

// What an element must be, and how far off it may be (tests/tolerance.h has the same rule): one rounding of the stored type,
// and `terms` roundings of fp32 sums whose terms are as large as `size`.
struct Expected {
  double value = 0;
  double terms = 1;
  double size = 1;
};

// The operands as they were before the kernel ran, in double, whatever lies where in memory: each is a function of the index.
class Inputs {
 public:
  explicit Inputs(const std::vector<Operand>& operands) : operands_(operands) {}
  double at(size_t operand, int64_t i) const;
  double at(size_t operand, int64_t n, int64_t c, int64_t h, int64_t w) const;

 private:
  const std::vector<Operand>& operands_;
};

struct Case {
  std::vector<Operand> operands;
  // With a tensor for each operand.
  std::function<void(const Stream&, const std::vector<Tensor>&)> run;
  // Element i, in the plain order, of an operand that is written; a NaN: any value will do.
  std::function<Expected(const Inputs&, size_t operand, int64_t i)> expected;
  double bytes = 0;  // that any implementation must read and write
  double flops = 0;
  int samples = 256;  // of each output that are compared
};

// A kernel and one implementation of it.
struct Kernel {
  std::string name;
  std::string variant;  // "thorax", "naive"
  std::function<Case(const Problem&, const Stream&)> make;
};

// Every kernel and variant that there is.
std::vector<Kernel> kernels();
// The parts of that list.
std::vector<Kernel> batch_norm_kernels();
std::vector<Kernel> statistics_kernels();
std::vector<Kernel> pool_kernels();
std::vector<Kernel> pointwise_kernels();
std::vector<Kernel> convolution_kernels();
std::vector<Kernel> flat_kernels();
std::vector<Kernel> residual_kernels();

// For the cases: an activation [n,c,h,w] of the problem's type, in the layout of the stream's device.
Operand activation(const Problem& p, const Stream& stream, std::string name, int64_t channels,
                   Operand::Use use = Operand::Use::in);
// An fp32 array.
Operand array(std::string name, const Shape& shape, Operand::Use use = Operand::Use::in,
              std::function<double(int64_t)> fill = {});
// n, c, h, w of element i.
struct Index {
  Index(const Shape& shape, int64_t i)
      : n(i / (shape[1] * shape[2] * shape[3])),
        c(i / (shape[2] * shape[3]) % shape[1]),
        h(i / shape[3] % shape[2]),
        w(i % shape[3]) {}
  int64_t n, c, h, w;
};
// Uniform in [0, 1), a function of its arguments.
double hashed(uint64_t stream, int64_t i);

}  // namespace thorax::bench
