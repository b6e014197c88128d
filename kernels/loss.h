// The losses of multi-label classification in one form: a table of constants per class describes binary cross-entropy, weighted
// or not, the focal loss (Lin et al., ICCV 2017) and the Distribution-Balanced loss (Wu et al., ECCV 2020), original and
// modified. losses/registry.h makes the tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/loss_math.h"
#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// Per entry, with label y, logit z, z' = z - v_k, the class's weights a_k of positives and b_k of negatives, p(q) = sigmoid(q)
// and
//   F(q) = scale (1 - p(q))^gamma softplus(-q),  softplus(x) = log(1 + exp(x)):
//   w (y a_k F(z') + (1 - y) b_k F(-lambda z') / lambda)
// where w = 1, or with rebalance
//   P^C = (1/C)(1/n_k),  P^I = (1/C) sum over the row's j of y_j/n_j,  r = P^C / P^I,  w = alpha + sigmoid(beta (r - mu))
// and for the class no_finding r = P^C / (P^I + c_hat). A row without positives has P^I = 0 and so r = infinity, w = alpha + 1;
// no_finding's r stays finite. w carries no gradient, the focal factor does. Binary cross-entropy is the table with v = 0, all
// weights 1, lambda = 1, gamma = 0 and no rebalance.
struct LossTable {
  std::vector<LossClass> of;          // [C]: v_k, a_k, b_k
  LossForm form;                      // lambda, gamma, scale
  std::vector<double> inverse_count;  // [C]: 1/n_k, n_k the positives of class k in training; read with rebalance alone
  bool rebalance = false;
  double alpha = 0;
  double beta = 0;
  double mu = 0;
  int64_t no_finding = -1;  // -1: every class has the original r
  double c_hat = 0;
  std::string note;  // what a person should know about the choice made; may be empty

  // Binary cross-entropy.
  explicit LossTable(size_t class_count = 0) : of(class_count), inverse_count(class_count, 0.0) {}
  int64_t classes() const { return static_cast<int64_t>(of.size()); }
};

// The classes that a GPU's kernel has place for.
constexpr int64_t most_gpu_classes = 512;

// At plan time. Throws Error(machine) when the stream's device has no kernel for the table.
void require_loss(const Stream& stream, const LossTable& table);

// logits, labels, mask, dlogits: [N,C], plain f32. labels: 0 to 1; mask: 1 known, 0 unknown (label and logit are then not used,
// and P^I leaves the entry out). loss: one float, the mean over the known entries of the batch, 0 when there are none, summed in
// double in a fixed order. dlogits: d loss / d logits, 0 where unknown. Overwrites loss and dlogits; a dlogits without data is
// left out. Throws Error(defect) when a shape, layout or dtype differs, or the table is for another number of classes.
void loss_forward_backward(const Stream& stream, const Tensor& logits, const Tensor& labels, const Tensor& mask,
                           const LossTable& table, float* loss, const Tensor& dlogits);

}  // namespace thorax
