// A case checked against double, then timed.
#pragma once

#include <string>
#include <vector>

#include "bench/kernels/case.h"
#include "bench/kernels/ceilings.h"

namespace thorax::bench {

// The times of one thing, sorted.
struct Times {
  std::vector<double> all;
  double quantile(double q) const { return all[static_cast<size_t>(q * static_cast<double>(all.size() - 1))]; }
  double median() const { return quantile(0.5); }
};

struct KernelResult {
  std::string kernel, variant, problem;
  DType dtype = DType::f32;
  bool cold = true;
  double error = 0;  // the largest, in tolerances: above 1 the kernel is wrong, and was not timed
  Times times;       // of a call
  double bytes = 0, flops = 0;
  int launches = 0, registers = 0;  // on a GPU: kernels of a call, and the most that one of them needs
  int64_t shared_bytes = 0;
  bool right() const { return error <= 1; }
};

struct TimingOptions {
  bool cold = true;      // each call on memory that no cache holds; else always on the same
  double seconds = 0.2;  // of measuring, at least
};

KernelResult measure(const Kernel& kernel, const Problem& problem, const Stream& stream, const TimingOptions& options);

// One line of a table, and its head; the same as JSON, an object.
std::string table_head();
std::string table_line(const KernelResult& r, const Ceilings& c);
std::string json_of(const KernelResult& r, const Ceilings& c);

}  // namespace thorax::bench
