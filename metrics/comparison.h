// Which of two models is better on the same images.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/bootstrap.h"
#include "metrics/delong.h"

namespace thorax::metrics {

struct ClassComparison {
  std::string name;
  int64_t n_known = 0, n_positive = 0;
  std::optional<PairedAuc> auc;  // nullopt: not defined
};

struct Comparison {
  int64_t n = 0;
  std::vector<ClassComparison> classes;
  // The mean AUC over the classes whose images have both values. Interval of the difference: the paired bootstrap's, both models
  // on the same replicates. p: twice the smaller share of replicates on one side of 0, counting the images themselves as one.
  int64_t n_classes = 0;
  double mean_a = 0, mean_b = 0;
  std::optional<Interval> difference;  // of mean_a - mean_b
  std::optional<double> p;
};

// a, b: of the same images, classes and labels. bca is not used. Throws std::invalid_argument when they are not.
Comparison compare(const Scores& a, const Scores& b, const BootstrapOptions& options);

}  // namespace thorax::metrics
