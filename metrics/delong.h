// The variance of an AUC, and the test whether two AUCs on the same images differ: DeLong, DeLong & Clarke-Pearson 1988, by the
// midranks of Sun & Xu 2014.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace thorax::metrics {

struct PairedAuc {
  double a, b;                      // the two areas
  double var_a, var_b, cov;         // of them
  double difference;                // a - b
  std::optional<double> low, high;  // its 95% interval; nullopt where the variance of the difference is 0
  std::optional<double> p;          // two-sided, that there is none; 1 where the two agree in every comparison
};

// a, b: [n], the scores of two models, finite; labels: [n], 0 or 1. nullopt with less than two positives or two negatives.
// Throws std::invalid_argument as roc() does.
std::optional<PairedAuc> delong(std::span<const float> a, std::span<const float> b, std::span<const uint8_t> labels);

}  // namespace thorax::metrics
