// Random scores with ties, for the tests and for nothing else.
#pragma once

#include <limits>
#include <random>
#include <string>

#include "metrics/scores.h"

namespace thorax::test {

// Every class its own prevalence; scores are multiples of 1/steps; a share of the labels is unknown.
inline metrics::Scores random_scores(int64_t n, size_t classes, int steps, double unknown, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform;
  metrics::Scores scores;
  scores.n = n;
  for (size_t c = 0; c < classes; ++c) scores.classes.push_back("class " + std::to_string(c));
  for (int64_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < classes; ++c) {
      const bool positive = uniform(generator) < 0.5 / static_cast<double>(c + 1);
      const double score = 0.8 * uniform(generator) + (positive ? 0.2 : 0.0);
      scores.probabilities.push_back(static_cast<float>(static_cast<int>(score * steps)) / static_cast<float>(steps));
      const bool is_unknown = uniform(generator) < unknown;
      scores.labels.push_back(is_unknown ? std::numeric_limits<float>::quiet_NaN() : positive ? 1.0F : 0.0F);
    }
  }
  return scores;
}

}  // namespace thorax::test
