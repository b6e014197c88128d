#include "kernels/loss.h"

#include "kernels/cpu/simd.h"
#include "kernels/loss_math.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

double known_entries(const Tensor& mask) {
  const float* known = mask.as<float>();
  double count = 0;
  for (int64_t i = 0; i < mask.count(); ++i) count += known[i] != 0.0F ? 1 : 0;
  return count;
}

// The sum of the row's terms; writes share * the slopes into dlogits unless that is null.
double row_loss(const LossTable& t, const float* logits, const float* labels, const float* mask, double share, float* dlogits) {
  const int64_t classes = t.classes();
  double row = 0;
  for (int64_t k = 0; k < classes; ++k)
    if (mask[k] != 0.0F) row += double{labels[k]} * t.inverse_count[static_cast<size_t>(k)];
  double total = 0;
  for (int64_t k = 0; k < classes; ++k) {
    const auto at = static_cast<size_t>(k);
    LossTerm term{};
    if (mask[k] != 0.0F) {
      const double weight = t.rebalance ? rebalance_weight(t.inverse_count[at], row, k == t.no_finding ? t.c_hat : 0.0,
                                                           static_cast<double>(classes), t.alpha, t.beta, t.mu)
                                        : 1.0;
      term = loss_term(logits[k], labels[k], t.of[at], t.form, weight);
    }
    total += term.value;
    if (dlogits != nullptr) dlogits[k] = static_cast<float>(share * term.slope);
  }
  return total;
}

}  // namespace

// A batch is some hundreds of entries: one thread is enough, and the order of the sum is that of the memory.
void loss_forward_backward(const Stream&, const Tensor& logits, const Tensor& labels, const Tensor& mask, const LossTable& table,
                           float* loss, const Tensor& dlogits) {
  const double known = known_entries(mask);
  const double share = known > 0 ? 1 / known : 0;
  double total = 0;
  for (int64_t n = 0; n < logits.shape[0]; ++n) {
    const int64_t at = n * table.classes();
    total += row_loss(table, logits.as<float>() + at, labels.as<float>() + at, mask.as<float>() + at, share,
                      dlogits ? dlogits.as<float>() + at : nullptr);
  }
  *loss = static_cast<float>(total * share);
}

}  // namespace thorax::cpu::THORAX_ISA
