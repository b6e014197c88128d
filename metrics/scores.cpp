#include "metrics/scores.h"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace thorax::metrics {

void Scores::check() const {
  const size_t expected = static_cast<size_t>(n) * classes.size();
  if (classes.empty() || n < 0 || n > std::numeric_limits<int32_t>::max() || probabilities.size() != expected ||
      labels.size() != expected) {
    throw std::invalid_argument("scores: " + std::to_string(n) + " images and " + std::to_string(classes.size()) +
                                " classes do not fit " + std::to_string(probabilities.size()) + " probabilities and " +
                                std::to_string(labels.size()) + " labels");
  }
  for (size_t i = 0; i < expected; ++i) {
    const auto where = [&] {
      return "image " + std::to_string(i / classes.size()) + ", \"" + classes[i % classes.size()] + "\"";
    };
    if (!std::isfinite(probabilities[i])) {
      throw std::invalid_argument("scores: " + where() + ": the probability is " + std::to_string(probabilities[i]) +
                                  ", expected a number");
    }
    if (labels[i] != 0.0F && labels[i] != 1.0F && !std::isnan(labels[i])) {
      throw std::invalid_argument("scores: " + where() + ": the label is " + std::to_string(labels[i]) +
                                  ", expected 0, 1 or NaN (unknown)");
    }
  }
}

KnownScores known_scores(const Scores& scores, size_t class_index) {
  KnownScores known;
  for (uint32_t image = 0; image < static_cast<uint32_t>(scores.n); ++image) {
    const size_t at = image * scores.classes.size() + class_index;
    if (std::isnan(scores.labels[at])) continue;
    const bool positive = scores.labels[at] != 0.0F;
    known.images.push_back(image);
    known.scores.push_back(scores.probabilities[at]);
    known.labels.push_back(positive ? 1 : 0);
    known.positives += positive ? 1 : 0;
  }
  return known;
}

}  // namespace thorax::metrics
