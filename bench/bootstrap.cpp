// The time of `thorax evaluate`'s intervals at the size of the paper's test set: 777 images, 10 classes, 10,000 replicates.
// First every statistic is checked against a replicate written out image by image and sorted anew, which is also what the time
// is compared with. Returns 1 when the check fails.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>

#include "metrics/evaluation.h"
#include "metrics/operating_point.h"
#include "metrics/roc.h"

namespace {

using namespace thorax::metrics;

constexpr int64_t kImages = 777;
constexpr size_t kClasses = 10;

Scores random_scores(unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform;
  Scores scores;
  scores.n = kImages;
  for (size_t c = 0; c < kClasses; ++c) scores.classes.push_back("class " + std::to_string(c));
  for (size_t i = 0; i < kImages * kClasses; ++i) {
    const bool positive = uniform(generator) < 0.15F;
    scores.labels.push_back(positive ? 1.0F : 0.0F);
    scores.probabilities.push_back(0.8F * uniform(generator) + (positive ? 0.2F : 0.0F));
  }
  return scores;
}

// The mean intervals by recomputation; values[s] holds one number per replicate.
std::vector<std::vector<double>> naive(const Scores& scores, const std::vector<std::optional<float>>& cutoffs,
                                       int64_t replicates) {
  std::vector<std::vector<double>> values(4);
  std::vector<uint32_t> multiplicity(kImages);
  for (int64_t replicate = 0; replicate < replicates; ++replicate) {
    resample(1, static_cast<uint64_t>(replicate), multiplicity);
    std::vector<double> sums(4, 0.0);
    for (size_t c = 0; c < kClasses; ++c) {
      std::vector<float> drawn;
      std::vector<uint8_t> labels;
      for (size_t i = 0; i < kImages; ++i) {
        drawn.insert(drawn.end(), multiplicity[i], scores.probabilities[i * kClasses + c]);
        labels.insert(labels.end(), multiplicity[i], scores.labels[i * kClasses + c] != 0.0F ? 1 : 0);
      }
      const Confusion counts = confusion(drawn, labels, *cutoffs[c]);
      const double all[] = {auc(drawn, labels).value(), counts.sensitivity().value(), counts.specificity().value(), counts.f1()};
      for (size_t s = 0; s < 4; ++s) sums[s] += all[s];
    }
    for (size_t s = 0; s < 4; ++s) values[s].push_back(sums[s] / kClasses);
  }
  for (auto& one : values) std::sort(one.begin(), one.end());
  return values;
}

bool agrees(const Intervals& intervals, const std::vector<std::vector<double>>& values) {
  const Interval all[] = {*intervals.auc, *intervals.sensitivity, *intervals.specificity, *intervals.f1};
  for (size_t s = 0; s < 4; ++s) {
    if (std::abs(all[s].low - percentile(values[s], 0.025)) > 1e-12) return false;
    if (std::abs(all[s].high - percentile(values[s], 0.975)) > 1e-12) return false;
  }
  return true;
}

template <class Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main() {
  constexpr int64_t kChecked = 200, kReplicates = 10000;
  const Scores scores = random_scores(2);
  const auto cutoffs = choose_cutoffs(random_scores(1));
  std::vector<std::vector<double>> expected;
  const double naive_seconds = seconds([&] { expected = naive(scores, cutoffs, kChecked); }) * kReplicates / kChecked;
  if (!agrees(bootstrap(scores, cutoffs, {.replicates = kChecked}).mean, expected)) {
    std::printf("bootstrap: differs from the recomputation\n");
    return 1;
  }
  std::printf(
      "%zu classes x %lld images x %lld replicates: AUC, sensitivity, specificity, F1, means; checked on %lld replicates\n",
      kClasses, static_cast<long long>(kImages), static_cast<long long>(kReplicates), static_cast<long long>(kChecked));
  for (const int threads : {1, 2}) {
    std::vector<double> runs;
    for (int run = 0; run < 5; ++run) {
      runs.push_back(seconds([&] { bootstrap(scores, cutoffs, {.replicates = kReplicates, .threads = threads}); }));
    }
    std::sort(runs.begin(), runs.end());
    std::printf("%d thread%s  median %.3f s (%.3f-%.3f), %.0fx sorting anew on one thread (%.1f s, from %lld replicates)\n",
                threads, threads > 1 ? "s" : " ", runs[2], runs.front(), runs.back(), naive_seconds / runs[2], naive_seconds,
                static_cast<long long>(kChecked));
  }
}
