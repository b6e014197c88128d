// The losses by name, from their options and the counts of the training images.
#pragma once

#include <string>
#include <vector>

#include "kernels/loss.h"

namespace thorax {

struct ClassCounts {
  std::vector<std::string> classes;
  std::vector<double> positives;  // n_k
  std::vector<double> known;      // N_k: images whose label is known
};

// Defaults: the values that the loss's authors ship for VOC-MLT, the paper being silent (docs/method.md).
struct LossOptions {
  std::string name = "db-modified";
  double alpha = 0.1, beta = 10, mu = 0.3;  // the smooth map of the rebalancing weights
  double kappa = 0.05, lambda = 5;          // negative-tolerant regularisation
  std::string no_finding;                   // its class; empty: the one named so
};

struct Loss {
  LossTable table;
  std::string note;  // what a person should know, or empty
};

// "bce": binary cross-entropy. "db": Distribution-Balanced (equations 2-5, 8-10). "db-modified": with equations 6 and 7 for the class
// No finding; without such a class it equals "db", and the note says so. Throws Error(input) for another name, and, where counts
// are needed, for a class that has no positive or no negative training image.
Loss make_loss(const LossOptions& options, const ClassCounts& counts);

std::vector<std::string> loss_names();

}  // namespace thorax
