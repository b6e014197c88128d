// Whether probabilities are right, and how to make them so: calibration of one class by images on which it was not trained.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/scores.h"

namespace thorax::metrics {

// A calibrated probability is sigmoid(slope * logit + offset).
struct Calibration {
  double slope = 1;   // 1 / temperature
  double offset = 0;  // 0 for temperature scaling
};

enum class CalibrationMethod : uint8_t {
  temperature,  // Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017: the slope alone
  platt,        // Platt 1999: slope and offset
};

// The least cross-entropy of the labels, by Newton's method; Platt's labels are smoothed as in his paper, so that the fit exists
// also where the classes can be told apart without error. nullopt when the labels have one value only, or the method finds no
// slope above 0: then the scores say nothing, or the opposite. logits: [n], finite; labels: [n], 0 or 1.
std::optional<Calibration> fit_calibration(std::span<const float> logits, std::span<const uint8_t> labels,
                                           CalibrationMethod method);

// ln(p / (1 - p)); a probability that rounding has made 0 or 1 counts as 1e-7 from it.
float logit_of(float probability);
float calibrated(float probability, const Calibration& calibration);

// One per class, fitted on these images; nullopt as fit_calibration().
std::vector<std::optional<Calibration>> fit_calibrations(const Scores& validation, CalibrationMethod method);
void apply_calibrations(Scores& scores, std::span<const std::optional<Calibration>> calibrations);

// The images of one bin of predicted probability, [low, high), the last with 1.
struct ReliabilityBin {
  double low, high;
  int64_t images = 0;
  int64_t positives = 0;
  double predicted = 0;  // mean; 0 without an image
};

struct Reliability {
  std::vector<ReliabilityBin> bins;
  double brier = 0;  // mean of (p - y)^2
  // Expected calibration error: the mean over the images of |share of positives - mean prediction| of their bin.
  double ece = 0;
};

// nullopt without an image. probabilities: [n], 0 to 1; labels: [n], 0 or 1; bins of equal width.
std::optional<Reliability> reliability(std::span<const float> probabilities, std::span<const uint8_t> labels, int bins = 10);

}  // namespace thorax::metrics
