// The focal factor: Lin, Goyal, Girshick, He, Dollar, "Focal Loss for Dense Object Detection", ICCV 2017.
#pragma once

#include "losses/loss.h"

namespace thorax {

// Every part of the loss by (1 - p)^gamma, p being the probability of what is right.
// Throws Error(input) when gamma is not a number from 0 or the scale not one above 0.
void add_focal(LossTable& table, double gamma, double scale);

// The paper's alpha_t: positives weigh alpha and negatives 1 - alpha; 0 leaves the table as it is.
// Throws Error(input) outside [0, 1).
void add_focal_alpha(LossTable& table, double alpha);

}  // namespace thorax
