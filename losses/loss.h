// What a loss is made from: its options and the labels' counts in the training set.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/loss.h"

namespace thorax {

// Of the training set; an unknown (missing) label is counted in neither, a soft label with its value.
struct ClassCounts {
  std::vector<std::string> classes;
  std::vector<double> positives;  // n_k
  std::vector<double> known;      // N_k: positives and negatives
};

// The db figures are those of the Distribution-Balanced loss's published configuration for VOC-MLT.
struct LossOptions {
  std::string name = "db-modified";  // registry.h: loss_names()
  // Each part by itself, whatever the name says. nullopt: as the name says.
  std::optional<bool> rebalance, tolerance, focal;
  double alpha = 0.1;
  double beta = 10;
  double mu = 0.3;
  double kappa = 0.05;
  double lambda = 5;
  double focal_gamma = 2;
  double focal_alpha = 0.25;   // weight of positives, 1 - it of negatives; 0: no such weights. Not in the db losses
  double db_focal_scale = 2;   // the constant before the focal factor of the db losses
  bool ratio_weights = false;  // bce-weighted: positives by (N - n)/n, instead of (N - n)/N and n/N
  bool clamp_counts = false;   // a class with one value only is counted as if it had one image of the other
  std::string
      no_finding;  // the class that stands for "nothing found"; empty: the one called so ("No finding", "no_finding", ...)
};

}  // namespace thorax
