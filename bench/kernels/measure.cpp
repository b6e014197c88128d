#include "bench/kernels/measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bench/kernels/memory.h"
#include "tensor/capture.h"
#include "tensor/element.h"
#include "tensor/json.h"

namespace thorax::bench {

namespace {

constexpr size_t least_calls = 5;
constexpr size_t most_bytes = size_t{2} << 30;  // of all sets together

double tolerance(DType stored, const Expected& e) {
  return rounding_of(stored, e.value) + e.terms * e.size * 0x1p-23;
}

// The largest error among samples of one operand, in tolerances.
double error_of(const Case& c, const Memory& memory, size_t operand) {
  const Inputs inputs(c.operands);
  const Operand& o = c.operands[operand];
  const int64_t count = o.shape.count(), samples = std::min<int64_t>(count, c.samples);
  double worst = 0;
  for (int64_t k = 0; k < samples; ++k) {
    // All of a small operand; of a large one the first, the last, and others drawn.
    const int64_t i = samples == count ? k
                      : k == 0         ? 0
                      : k == 1         ? count - 1
                                       : static_cast<int64_t>(hashed(77, k) * static_cast<double>(count));
    const Expected e = c.expected(inputs, operand, i);
    if (std::isnan(e.value)) continue;
    const double off = std::abs(memory.read(operand, i) - e.value), allowed = tolerance(o.dtype, e);
    if (off == 0) continue;
    worst = std::isnan(off) || allowed == 0 ? 1e30 : std::max(worst, off / allowed);
  }
  return worst;
}

size_t sets_for(const Case& c, const Stream& stream, bool cold) {
  if (!cold) return 1;
  const size_t one = std::max<size_t>(1, Memory::bytes_of(c)), wanted = 4 * cache_bytes(stream) / one + 2;
  return std::clamp<size_t>(wanted, 2, std::max<size_t>(2, most_bytes / one));
}

void look_at_launches(const Case& c, const Memory& memory, const Stream& stream, KernelResult& r) {
  const Capture capture(*stream.queue, [&] { c.run(stream, memory.set(0)); });
  for (const Launch& l : capture.launches()) {
    ++r.launches;
    r.registers = std::max(r.registers, l.registers);
    r.shared_bytes = std::max(r.shared_bytes, l.shared_bytes);
  }
}

// A sample is a call on each set, so that a GPU's events stand far apart and what was used last is used again last of all.
Times time_calls(const Case& c, const Memory& memory, const Stream& stream, double seconds) {
  Times times;
  const auto calls = static_cast<double>(memory.sets());
  const auto all_sets = [&] {
    for (size_t i = 0; i < memory.sets(); ++i) c.run(stream, memory.set(i));
  };
  all_sets();
  for (double spent = 0; spent < seconds || times.all.size() < least_calls;) {
    const double s = seconds_of(stream, all_sets);
    times.all.push_back(s / calls);
    spent += s;
  }
  std::sort(times.all.begin(), times.all.end());
  return times;
}

std::string formatted(const char* form, double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

double percent(double rate, double ceiling) {
  return ceiling > 0 ? 100 * rate / ceiling : 0;
}

}  // namespace

KernelResult measure(const Kernel& kernel, const Problem& problem, const Stream& stream, const TimingOptions& options) {
  const Case c = kernel.make(problem, stream);
  KernelResult r{kernel.name, kernel.variant, problem.text(), problem.dtype, options.cold, 0, {}, c.bytes, c.flops};
  Memory memory(c, stream, sets_for(c, stream, options.cold));
  c.run(stream, memory.set(0));
  for (size_t k = 0; k < c.operands.size(); ++k) {
    if (c.operands[k].use == Operand::Use::in) continue;
    memory.fetch(k);
    r.error = std::max(r.error, error_of(c, memory, k));
  }
  if (!r.right()) return r;
  if (stream.queue != nullptr) look_at_launches(c, memory, stream, r);
  r.times = time_calls(c, memory, stream, options.seconds);
  return r;
}

std::string table_head() {
  return "kernel                         variant  type       us   +-%   GB/s  %copy  TFLOP/s  %gemm  registers  shared  sizes\n";
}

std::string table_line(const KernelResult& r, const Ceilings& c) {
  std::array<char, 256> text{};
  if (!r.right()) {
    std::snprintf(text.data(), text.size(), "%-30s %-8s %-4s  WRONG: off by %.3g tolerances  %s\n", r.kernel.c_str(),
                  r.variant.c_str(), name_of(r.dtype), r.error, r.problem.c_str());
    return text.data();
  }
  const double s = r.times.median(), bytes = r.bytes / s, flops = r.flops / s;
  const std::string gemm =
      r.flops > 0 ? formatted("%8.3f", flops * 1e-12) + formatted("  %5.0f", percent(flops, c.gemm(r.dtype))) : "       -      -";
  const std::string launch = r.launches > 0 ? str(r.registers) : "-", shared = r.launches > 0 ? str(r.shared_bytes) : "-";
  std::snprintf(text.data(), text.size(), "%-30s %-8s %-4s %9.1f  %4.0f %6.1f  %5.0f %s  %9s  %6s  %s\n", r.kernel.c_str(),
                r.variant.c_str(), name_of(r.dtype), s * 1e6, 50 * (r.times.quantile(0.75) - r.times.quantile(0.25)) / s,
                bytes * 1e-9, percent(bytes, c.copy), gemm.c_str(), launch.c_str(), shared.c_str(), r.problem.c_str());
  return text.data();
}

std::string json_of(const KernelResult& r, const Ceilings& c) {
  std::string text = str("{\"name\":", json_quote(str(r.kernel, ' ', name_of(r.dtype), ' ', r.problem, r.cold ? "" : " hot")),
                         ",\"engine\":", json_quote(r.variant), ",\"kernel\":", json_quote(r.kernel),
                         ",\"variant\":", json_quote(r.variant), ",\"problem\":", json_quote(r.problem), ",\"dtype\":\"",
                         name_of(r.dtype), "\",\"cold\":", r.cold ? "true" : "false", ",\"error\":", json_number(r.error));
  if (!r.right()) return text + '}';
  const double s = r.times.median();
  text += str(",\"median_s\":", json_number(s), ",\"low_s\":", json_number(r.times.quantile(0.25)),
              ",\"high_s\":", json_number(r.times.quantile(0.75)), ",\"min_s\":", json_number(r.times.all.front()),
              ",\"samples\":", r.times.all.size(), ",\"bytes\":", json_number(r.bytes), ",\"flops\":", json_number(r.flops),
              ",\"copy_percent\":", json_number(percent(r.bytes / s, c.copy)),
              ",\"gemm_percent\":", json_number(percent(r.flops / s, c.gemm(r.dtype))));
  if (r.launches > 0)
    text += str(",\"launches\":", r.launches, ",\"registers\":", r.registers, ",\"shared_bytes\":", r.shared_bytes);
  return text + '}';
}

}  // namespace thorax::bench
