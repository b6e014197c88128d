#include "kernels/square_sum.h"

#include "kernels/cpu/partial.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// Eight sums side by side whatever the vector's width is, so that every processor has the same bits.
double piece_sum(const float* x, int64_t count) {
  constexpr int64_t lanes = 8;
  double sums[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      const double v = x[i + lane];
      sums[lane] += v * v;
    }
  }
  for (int64_t lane = 0; i < count; ++i, ++lane) {
    const double v = x[i];
    sums[lane] += v * v;
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

double square_sum(const Stream& stream, const Tensor& x, double* parts) {
  const float* from = x.as<float>();
  static_assert(square_sum_parts(flat_piece) == 1 && square_sum_parts(flat_piece + 1) == 2, "a piece is a part");
  const int64_t count = x.count();
  parallel_pieces(stream.threads, count,
                  [&](int64_t begin, int64_t end) { parts[begin / flat_piece] = piece_sum(from + begin, end - begin); });
  double total = 0;
  for (int64_t i = 0; i * flat_piece < count; ++i) total += parts[i];
  return total;
}

}  // namespace thorax::cpu::THORAX_ISA
