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

void square_sum(const Stream& stream, const Tensor& x, double* parts) {
  const float* from = x.as<float>();
  static_assert(flat_piece == square_sum_piece, "a piece is a part");
  parallel_pieces(stream.threads, x.count(),
                  [&](int64_t begin, int64_t end) { parts[begin / flat_piece] = piece_sum(from + begin, end - begin); });
}

}  // namespace thorax::cpu::THORAX_ISA
