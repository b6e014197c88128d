#include "metrics/resampling.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>

namespace thorax::metrics {
namespace {

// The random numbers of one replicate, one after the other.
class Draws {
 public:
  Draws(uint64_t seed, uint64_t replicate) : state_(mix(mix(seed + golden) + (replicate + 1) * golden)) {}
  // Multiply-shift of the upper 32 bits: the bias is below n / 2^32.
  size_t below(size_t n) {
    state_ += golden;
    return ((mix(state_) >> 32) * n) >> 32;
  }

 private:
  static constexpr uint64_t golden = 0x9E3779B97F4A7C15U;
  static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
  }
  uint64_t state_;
};

// What a unit's labels are: a class is 1 where any of its images is, else 0 where any is, else unknown.
std::string pattern(const Scores& scores, const std::vector<uint32_t>& images) {
  std::string text;
  for (size_t k = 0; k < scores.classes.size(); ++k) {
    char c = '?';
    for (const uint32_t image : images) {
      const float label = scores.labels[image * scores.classes.size() + k];
      if (!std::isnan(label) && c != '1') c = label != 0.0F ? '1' : '0';
    }
    text += c;
  }
  return text;
}

}  // namespace

Resampler::Resampler(const Scores& scores, const Resampling& how) {
  const auto n = static_cast<size_t>(scores.n);
  if (!how.patients.empty() && how.patients.size() != n)
    throw std::invalid_argument("bootstrap: " + std::to_string(how.patients.size()) + " patients for " + std::to_string(n) +
                                " images");
  std::map<uint32_t, size_t> unit_of;
  for (uint32_t image = 0; image < n; ++image) {
    const uint32_t patient = how.patients.empty() ? image : how.patients[image];
    const auto [at, fresh] = unit_of.emplace(patient, images_.size());
    if (fresh) images_.emplace_back();
    images_[at->second].push_back(image);
  }
  std::map<std::string, std::vector<uint32_t>> strata;
  for (uint32_t unit = 0; unit < images_.size(); ++unit)
    strata[how.stratified ? pattern(scores, images_[unit]) : ""].push_back(unit);
  for (auto& [labels, units] : strata) strata_.push_back(std::move(units));
}

void Resampler::draw(uint64_t seed, uint64_t replicate, std::span<uint32_t> multiplicity) const {
  std::fill(multiplicity.begin(), multiplicity.end(), 0U);
  Draws draws(seed, replicate);
  for (const auto& units : strata_)
    for (size_t i = 0; i < units.size(); ++i)
      for (const uint32_t image : images_[units[draws.below(units.size())]]) ++multiplicity[image];
}

void Resampler::leave_out(size_t unit, std::span<uint32_t> multiplicity) const {
  std::fill(multiplicity.begin(), multiplicity.end(), 1U);
  for (const uint32_t image : images_[unit]) multiplicity[image] = 0;
}

void resample(uint64_t seed, uint64_t replicate, std::span<uint32_t> multiplicity) {
  std::fill(multiplicity.begin(), multiplicity.end(), 0U);
  Draws draws(seed, replicate);
  for (size_t i = 0; i < multiplicity.size(); ++i) ++multiplicity[draws.below(multiplicity.size())];
}

}  // namespace thorax::metrics
