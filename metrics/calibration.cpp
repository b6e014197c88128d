#include "metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace thorax::metrics {
namespace {

double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

// The cross-entropy as a function of slope and offset, with its derivatives.
struct Objective {
  std::span<const float> logits;
  std::span<const uint8_t> labels;
  double positive, negative;  // the labels' values

  double value(const Calibration& c) const {
    double sum = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double z = c.slope * double{logits[i]} + c.offset;
      sum += softplus(z) - (labels[i] != 0 ? positive : negative) * z;
    }
    return sum;
  }

  // The step of Newton's method; only the slope's where the offset stays. Zero where there is no curvature.
  Calibration step(const Calibration& c, bool with_offset) const {
    double gs = 0, go = 0, ss = 0, so = 0, oo = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
      const double x = double{logits[i]};
      const double p = sigmoid(c.slope * x + c.offset);
      const double error = p - (labels[i] != 0 ? positive : negative);
      const double curvature = p * (1 - p);
      gs += error * x, go += error;
      ss += curvature * x * x, so += curvature * x, oo += curvature;
    }
    const double ridge = 1e-12 * (ss + oo);
    ss += ridge, oo += ridge;
    if (!with_offset) return {ss > 0 ? -gs / ss : 0, 0};
    const double determinant = ss * oo - so * so;
    if (!(determinant > 0)) return {0, 0};
    return {-(oo * gs - so * go) / determinant, -(ss * go - so * gs) / determinant};
  }
};

// Without an error to learn from the best temperature is 0: the slope would grow without end.
bool all_right(std::span<const float> logits, std::span<const uint8_t> labels) {
  for (size_t i = 0; i < logits.size(); ++i)
    if (labels[i] != 0 ? logits[i] < 0 : logits[i] > 0) return false;
  return true;
}

}  // namespace

std::optional<Calibration> fit_calibration(std::span<const float> logits, std::span<const uint8_t> labels,
                                           CalibrationMethod method) {
  if (logits.size() != labels.size()) throw std::invalid_argument("calibration: as many logits as labels expected");
  const auto positives = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
  const double negatives = static_cast<double>(labels.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nullopt;
  const bool platt = method == CalibrationMethod::platt;
  if (!platt && all_right(logits, labels)) return std::nullopt;
  const Objective objective{logits, labels, platt ? (positives + 1) / (positives + 2) : 1, platt ? 1 / (negatives + 2) : 0};
  Calibration c;
  double value = objective.value(c);
  for (int iteration = 0; iteration < 200; ++iteration) {
    const Calibration step = objective.step(c, platt);
    bool better = false;
    // Halved until the value falls: the objective is convex, so that this ends at its only minimum.
    for (double length = 1; length > 1e-10 && !better; length /= 2) {
      const Calibration next{c.slope + length * step.slope, c.offset + length * step.offset};
      const double reached = objective.value(next);
      better = reached < value;
      if (better) c = next, value = reached;
    }
    if (!better) break;
  }
  return c.slope > 0 ? std::optional(c) : std::nullopt;
}

float logit_of(float probability) {
  const double p = std::clamp(double{probability}, 1e-7, 1 - 1e-7);
  return static_cast<float>(std::log(p / (1 - p)));
}

float calibrated(float probability, const Calibration& c) {
  return static_cast<float>(sigmoid(c.slope * double{logit_of(probability)} + c.offset));
}

std::vector<std::optional<Calibration>> fit_calibrations(const Scores& validation, CalibrationMethod method) {
  validation.check();
  std::vector<std::optional<Calibration>> result;
  for (size_t k = 0; k < validation.classes.size(); ++k) {
    const KnownScores known = known_scores(validation, k);
    std::vector<float> logits;
    for (const float p : known.scores) logits.push_back(logit_of(p));
    result.push_back(fit_calibration(logits, known.labels, method));
  }
  return result;
}

void apply_calibrations(Scores& scores, std::span<const std::optional<Calibration>> calibrations) {
  for (size_t i = 0; i < scores.probabilities.size(); ++i) {
    const auto& c = calibrations[i % calibrations.size()];
    if (c) scores.probabilities[i] = calibrated(scores.probabilities[i], *c);
  }
}

std::optional<Reliability> reliability(std::span<const float> probabilities, std::span<const uint8_t> labels, int bins) {
  if (probabilities.size() != labels.size() || bins < 1)
    throw std::invalid_argument("reliability: as many probabilities as labels, and bins, expected");
  if (probabilities.empty()) return std::nullopt;
  Reliability r;
  for (int i = 0; i < bins; ++i) r.bins.push_back({static_cast<double>(i) / bins, static_cast<double>(i + 1) / bins, 0, 0, 0});
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double p = double{probabilities[i]};
    if (!(p >= 0 && p <= 1) || labels[i] > 1)
      throw std::invalid_argument("reliability: probabilities from 0 to 1 and labels of 0 and 1 expected");
    ReliabilityBin& bin = r.bins[static_cast<size_t>(std::min(bins - 1, static_cast<int>(p * bins)))];
    ++bin.images;
    bin.positives += labels[i];
    bin.predicted += p;
    r.brier += (p - labels[i]) * (p - labels[i]);
  }
  const auto n = static_cast<double>(probabilities.size());
  r.brier /= n;
  for (ReliabilityBin& bin : r.bins) {
    if (bin.images == 0) continue;
    r.ece += std::fabs(static_cast<double>(bin.positives) - bin.predicted) / n;
    bin.predicted /= static_cast<double>(bin.images);
  }
  return r;
}

}  // namespace thorax::metrics
