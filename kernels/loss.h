// Every loss is one table of numbers and one kernel that gives value and gradient in one pass.
#pragma once

#include <vector>

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// The (modified) Distribution-Balanced loss; the default values are the binary cross-entropy.
struct LossTable {
  int64_t classes = 0;
  // Rebalancing weights (equations 2 to 5): weight = alpha + sigmoid(beta * (r - mu)) with r = P^C / P^I, where
  // P^C_k = (1/C) / n_k and P^I = (1/C) * sum over the positive classes of the image of 1 / n_j.
  bool rebalance = false;
  double alpha = 0, beta = 0, mu = 0;
  std::vector<double> inverse_counts;  // [C]: 1 / n_k
  // The modification (equations 6 and 7): for the class "No finding", r = P^C / (P^I + c_hat) in every image, c_hat = mean of the
  // P^C_k. -1: the original loss. An image without any positive has P^I = 0: weight = alpha + 1, the limit, for the other classes.
  int64_t no_finding = -1;
  double c_hat = 0;
  // Negative-tolerant regularisation (equations 8 and 9).
  std::vector<double> bias;  // [C]: v_k, or empty: zero
  double lambda = 1;
};

// logits, labels (0 or 1), mask (1 where the label is known, else 0): [N,C] f32. loss: the mean of the element losses over the known
// labels (0 when none is known); dlogits: [N,C], its gradient. Both overwritten. Sums in double, in the order of the elements.
void loss_forward_backward(const Stream& stream, const Tensor& logits, const Tensor& labels, const Tensor& mask, const LossTable& table, float* loss,
                           const Tensor& dlogits);

}  // namespace thorax
