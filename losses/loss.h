// What a loss is made from: its options and the labels' counts in the training set.
#pragma once

#include <string>
#include <vector>

#include "kernels/loss.h"

namespace thorax {

// Of the training set; an unknown (missing) label is counted in neither.
struct ClassCounts {
  std::vector<std::string> classes;
  std::vector<double> positives;  // n_k
  std::vector<double> known;      // N_k: positives and negatives
};

// The figures are those of the Distribution-Balanced loss's published configuration for VOC-MLT; "bce" uses none of them.
struct LossOptions {
  std::string name = "db-modified";  // bce, db, db-modified
  double alpha = 0.1;
  double beta = 10;
  double mu = 0.3;
  double kappa = 0.05;
  double lambda = 5;
  std::string
      no_finding;  // the class that stands for "nothing found"; empty: the one called so ("No finding", "no_finding", ...)
};

}  // namespace thorax
