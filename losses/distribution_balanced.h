// The two parts of the Distribution-Balanced loss: Wu, Huang, Liu, Wang, Lin, "Distribution-Balanced Loss for Multi-Label
// Classification in Long-Tailed Datasets", ECCV 2020. counts: at least one positive and one negative for each class.
#pragma once

#include "losses/loss.h"

namespace thorax {

// The re-balanced weights of equations 2 to 5. Throws Error(input) when alpha, beta or mu is not finite.
void add_rebalancing(LossTable& table, const LossOptions& options, const ClassCounts& counts);

// The milder weight of the class "No finding": r = P^C / (P^I + c_hat), c_hat = (1/C^2) sum over k of 1/n_k; behind
// add_rebalancing(). Without such a class nothing changes, and the table's note says so.
// Throws Error(input) when options.no_finding names no class.
void add_no_finding(LossTable& table, const LossOptions& options, const ClassCounts& counts);

// v_k = kappa ln(N_k/n_k - 1) and lambda. as_published_code: v_k divided by lambda once more, which its author calls a mistake.
// Throws Error(input) when kappa is not finite or lambda not above 0.
void add_negative_tolerance(LossTable& table, const LossOptions& options, const ClassCounts& counts, bool as_published_code);

}  // namespace thorax
