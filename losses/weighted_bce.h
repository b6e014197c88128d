// Binary cross-entropy with weights by class.
#pragma once

#include "losses/loss.h"

namespace thorax {

// Positives weigh (N - n)/N and negatives n/N, so that both parts of a class weigh alike in all (Rajpurkar et al., "CheXNet",
// 2017); with ratio_weights positives (N - n)/n and negatives 1, which is PyTorch's pos_weight.
void add_class_weights(LossTable& table, const LossOptions& options, const ClassCounts& counts);

}  // namespace thorax
