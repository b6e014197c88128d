#include "kernels/loss.h"

#include <algorithm>

#include "kernels/cuda/device.cuh"
#include "kernels/loss_math.h"

namespace thorax::cuda {

namespace {

constexpr int loss_threads = 256;

// A LossTable as an argument of a kernel: 32 bytes a class of the 32,764 that a launch may carry.
struct Table {
  int classes;
  int no_finding;
  bool rebalance;
  double alpha, beta, mu, c_hat;
  LossForm form;
  LossClass of[most_gpu_classes];
  double inverse_count[most_gpu_classes];
};

// The sum of the row's terms; writes share * the slopes into dlogits unless that is null.
__device__ double row_loss(const Table& t, const float* logits, const float* labels, const float* mask, double share,
                           float* dlogits) {
  double row = 0;
  for (int k = 0; k < t.classes; ++k)
    if (mask[k] != 0.0F) row += static_cast<double>(labels[k]) * t.inverse_count[k];
  double total = 0;
  for (int k = 0; k < t.classes; ++k) {
    LossTerm term{0, 0};
    if (mask[k] != 0.0F) {
      const double weight = t.rebalance ? rebalance_weight(t.inverse_count[k], row, k == t.no_finding ? t.c_hat : 0.0,
                                                           static_cast<double>(t.classes), t.alpha, t.beta, t.mu)
                                        : 1.0;
      term = loss_term(static_cast<double>(logits[k]), static_cast<double>(labels[k]), t.of[k], t.form, weight);
    }
    total += term.value;
    if (dlogits != nullptr) dlogits[k] = static_cast<float>(share * term.slope);
  }
  return total;
}

// One block: a batch is some hundreds of entries. A thread takes the rows t, t + 256, ..., the first adds up the threads' sums.
__global__ void loss_kernel(const float* logits, const float* labels, const float* mask, int64_t rows,
                            const __grid_constant__ Table table, float* loss, float* dlogits) {
  __shared__ double sums[loss_threads];
  __shared__ int64_t counts[loss_threads];
  __shared__ double share;
  const int t = static_cast<int>(threadIdx.x);
  int64_t known = 0;
  for (int64_t i = t; i < rows * table.classes; i += loss_threads) known += mask[i] != 0.0F ? 1 : 0;
  counts[t] = known;
  __syncthreads();
  if (t == 0) {
    for (int i = 1; i < loss_threads; ++i) known += counts[i];
    share = known > 0 ? 1 / static_cast<double>(known) : 0.0;
  }
  __syncthreads();
  double sum = 0;
  for (int64_t n = t; n < rows; n += loss_threads) {
    const int64_t at = n * table.classes;
    sum += row_loss(table, logits + at, labels + at, mask + at, share, dlogits != nullptr ? dlogits + at : nullptr);
  }
  sums[t] = sum;
  __syncthreads();
  if (t != 0) return;
  for (int i = 1; i < loss_threads; ++i) sum += sums[i];
  *loss = static_cast<float>(sum * share);
}

Table table_of(const LossTable& from) {
  Table t{static_cast<int>(from.classes()),
          static_cast<int>(from.no_finding),
          from.rebalance,
          from.alpha,
          from.beta,
          from.mu,
          from.c_hat,
          from.form,
          {},
          {}};
  std::copy(from.of.begin(), from.of.end(), t.of);
  std::copy(from.inverse_count.begin(), from.inverse_count.end(), t.inverse_count);
  return t;
}

}  // namespace

void loss_forward_backward(const Stream& stream, const Tensor& logits, const Tensor& labels, const Tensor& mask,
                           const LossTable& table, float* loss, const Tensor& dlogits) {
  loss_kernel<<<1, loss_threads, 0, queue_of(stream)>>>(logits.as<float>(), labels.as<float>(), mask.as<float>(), logits.shape[0],
                                                        table_of(table), loss, dlogits ? dlogits.as<float>() : nullptr);
  launched("loss_forward_backward");
}

}  // namespace thorax::cuda
