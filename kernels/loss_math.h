// One entry of the losses of kernels/loss.h, in double: the batches are small and the scalar is what runs are compared by.
#pragma once

#include <cmath>

#include "kernels/sigmoid_math.h"

namespace thorax {

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

struct LossTerm {
  double value;
  double slope;  // d value / d logit
};

THORAX_HD inline LossTerm loss_term(double logit, double label, double bias, double lambda, double weight) {
  const double z = logit - bias;
  return {weight * (label * softplus(-z) + (1 - label) * softplus(lambda * z) / lambda),
          weight * ((1 - label) * sigmoid(lambda * z) - label * sigmoid(-z))};
}

}  // namespace thorax
