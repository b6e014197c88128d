// One entry of the losses of kernels/loss.h, in double: the batches are small and the scalar is what runs are compared by.
#pragma once

#include <cmath>

#include "kernels/sigmoid_math.h"

namespace thorax {

// What the losses' table says of one class.
struct LossClass {
  double bias = 0;             // v_k, taken from the logit
  double positive_weight = 1;  // of the positive part
  double negative_weight = 1;  // of the negative part
};

// What it says of all of them.
struct LossForm {
  double lambda = 1;  // scale of the negatives' logits; above 0
  double gamma = 0;   // the focal exponent; 0: no focal factor
  double scale = 1;   // the focal factor's constant
};

struct LossTerm {
  double value;
  double slope;  // d value / d its argument
};

// log(1 + exp(x)) without overflow.
THORAX_HD inline double softplus(double x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
}

// w of one entry. own: 1/n_k. row: the sum of y_j/n_j over the row. c_hat: of the table for the class "No finding", else 0. The
// two factors 1/C of P^C and P^I are written, because c_hat has none to cancel with. 0 in the denominator gives r = infinity, w =
// alpha + 1.
THORAX_HD inline double rebalance_weight(double own, double row, double c_hat, double classes, double alpha, double beta,
                                         double mu) {
  const double r = own / classes / (row / classes + c_hat);
  return alpha + sigmoid(beta * (r - mu));
}

// The loss of being right with evidence q (p = sigmoid(q)): scale (1 - p)^gamma softplus(-q), by its argument q. Lin et al.,
// "Focal Loss for Dense Object Detection", ICCV 2017; gamma 0 is the cross-entropy.
THORAX_HD inline LossTerm focal_term(double q, double gamma, double scale) {
  const double missing = sigmoid(-q);  // 1 - p, exact also where p rounds to 1
  const double entropy = softplus(-q);
  if (gamma == 0) return {scale * entropy, -scale * missing};
  const double factor = scale * std::pow(missing, gamma);
  return {factor * entropy, -factor * (missing + gamma * sigmoid(q) * entropy)};
}

// By the logit. A label between 0 and 1 is a mixture of the two parts.
THORAX_HD inline LossTerm loss_term(double logit, double label, const LossClass& of, const LossForm& form, double weight) {
  const double z = logit - of.bias;
  const LossTerm positive = focal_term(z, form.gamma, form.scale);
  const LossTerm negative = focal_term(-form.lambda * z, form.gamma, form.scale);
  const double yes = weight * label * of.positive_weight;
  const double no = weight * (1 - label) * of.negative_weight;
  return {yes * positive.value + no * negative.value / form.lambda, yes * positive.slope - no * negative.slope};
}

}  // namespace thorax
