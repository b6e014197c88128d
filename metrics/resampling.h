// How a bootstrap replicate is drawn: single images or whole patients, from all of them or stratum by stratum.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/scores.h"

namespace thorax::metrics {

struct Resampling {
  // [n]: which patient an image belongs to, any numbers; empty: every image is drawn by itself. Images of one patient are alike,
  // so that drawing them one by one gives intervals that are too narrow.
  std::vector<uint32_t> patients{};
  // Draws within groups of units that have the same labels, so that every replicate has every combination as often as the images
  // have it. A combination that occurs once is in every replicate: intervals become narrower.
  bool stratified = false;
};

class Resampler {
 public:
  // Throws std::invalid_argument when there are not as many patients as images.
  Resampler(const Scores& scores, const Resampling& how);

  size_t units() const { return images_.size(); }
  // How many times each image is drawn in a replicate; [n], overwritten. A function of seed, replicate and the labels alone.
  void draw(uint64_t seed, uint64_t replicate, std::span<uint32_t> multiplicity) const;
  // Every image once, but for those of one unit.
  void leave_out(size_t unit, std::span<uint32_t> multiplicity) const;

 private:
  std::vector<std::vector<uint32_t>> images_;  // of each unit
  std::vector<std::vector<uint32_t>> strata_;  // the units of each
};

// How many times each of the n = multiplicity.size() images is drawn in a replicate (n draws in all; overwritten), all alike: a
// function of seed, replicate and n alone, by a counter-based SplitMix64 (Steele, Lea & Flood 2014).
void resample(uint64_t seed, uint64_t replicate, std::span<uint32_t> multiplicity);

}  // namespace thorax::metrics
