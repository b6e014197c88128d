// The cut-off that turns a score into a decision, and what the decisions are worth. The rule is: positive where score >= cut-off.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace thorax::metrics {

struct OperatingPoint {
  float threshold;  // one of the scores, or +inf: nothing is called positive
  double j;         // Youden's index there: sensitivity + specificity - 1
  // False when J is not above 0: calling nothing positive is as good. Youden's threshold is then +inf, and whoever shows it
  // should warn.
  bool better_than_chance;
};

// What a cut-off is chosen for. Of equally good ones the highest is taken.
struct CutoffPolicy {
  enum class Kind : uint8_t {
    youden,       // the largest sensitivity + specificity - 1
    sensitivity,  // at least target, with as much specificity as that leaves
    specificity,  // at least target, with as much sensitivity as that leaves; +inf where no score has it
    f1,           // the largest F1
  } kind = Kind::youden;
  double target = 0;  // (0, 1]
};

// nullopt when the labels have one value only. Throws as roc() does.
std::optional<OperatingPoint> operating_point(std::span<const float> scores, std::span<const uint8_t> labels,
                                              const CutoffPolicy& policy);

// The threshold with the largest J (Youden 1950), the highest one where several have it. J is compared as the integer
// TP * N - FP * P: in floating point, equal values would differ in the last bit and a lower threshold could win.
// nullopt when the labels have one value only. Throws as roc() does.
std::optional<OperatingPoint> youden(std::span<const float> scores, std::span<const uint8_t> labels);

struct Confusion {
  int64_t tp = 0, fp = 0, tn = 0, fn = 0;
  std::optional<double> sensitivity() const;  // TP / (TP + FN); nullopt without a positive
  std::optional<double> specificity() const;  // TN / (TN + FP); nullopt without a negative
  double f1() const;                          // 2 TP / (2 TP + FP + FN); 0 where that is 0 / 0
};

// Throws std::invalid_argument when the sizes differ, a score is NaN or a label is neither 0 nor 1.
Confusion confusion(std::span<const float> scores, std::span<const uint8_t> labels, float threshold);

}  // namespace thorax::metrics
