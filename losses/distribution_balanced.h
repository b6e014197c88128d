// The Distribution-Balanced loss: Wu, Huang, Liu, Wang, Lin, "Distribution-Balanced Loss for Multi-Label Classification in
// Long-Tailed Datasets", ECCV 2020: re-balanced weights and the negative-tolerant term.
#pragma once

#include "losses/loss.h"

namespace thorax {

// v_k = kappa ln(N_k/n_k - 1), as in the paper (its published code divides by lambda once more, by mistake).
// Throws Error(input) when a class has no positive or no negative among its known labels, or an option makes no sense.
LossTable make_distribution_balanced(const LossOptions& options, const ClassCounts& counts);

// The same, with the milder weight of the class "No finding": r = P^C / (P^I + c_hat), c_hat = (1/C^2) sum over k of 1/n_k.
// Without such a class it equals the original, and the table's note says so.
// Throws Error(input) also when options.no_finding names no class.
LossTable make_distribution_balanced_modified(const LossOptions& options, const ClassCounts& counts);

}  // namespace thorax
