#include "apps/outcome.h"

#include <algorithm>

#include "apps/checkpoint.h"
#include "apps/metadata.h"

namespace thorax {

namespace {

constexpr const char* classes_key = "thorax.classes";

Shape shape_of(const metrics::Scores& scores) {
  return {scores.n, static_cast<int64_t>(scores.classes.size())};
}

void add(std::vector<double>& sums, const std::vector<float>& values) {
  sums.resize(values.size(), 0.0);
  for (size_t i = 0; i < values.size(); ++i) sums[i] += double{values[i]};
}

void set_means(metrics::Scores& scores, const std::vector<double>& sums, size_t count) {
  for (size_t i = 0; i < sums.size(); ++i) scores.probabilities[i] = static_cast<float>(sums[i] / static_cast<double>(count));
}

}  // namespace

Outcome mean_of(const std::vector<Outcome>& outcomes) {
  std::vector<double> val, test;
  for (const Outcome& one : outcomes) {
    add(val, one.val.probabilities);
    add(test, one.test.probabilities);
  }
  Outcome mean = outcomes.front();
  set_means(mean.val, val, outcomes.size());
  set_means(mean.test, test, outcomes.size());
  return mean;
}

void write_outcome(const std::filesystem::path& file, const Outcome& outcome) {
  std::vector<float> val = outcome.val.probabilities, test = outcome.test.probabilities;
  save_checkpoint(file, {{{"val", {val.data(), shape_of(outcome.val)}}, {"test", {test.data(), shape_of(outcome.test)}}},
                         {{classes_key, encode_list(outcome.val.classes)}}});
}

Outcome read_outcome(const std::filesystem::path& file, Outcome truth) {
  const SafetensorsFile opened = open_checkpoint(file);
  const auto refuse = [&] {
    throw Error(Fault::input, str(file.string(), ": of other images or classes than those of the table"),
                "without the file it is made anew");
  };
  const auto classes = opened.metadata().find(classes_key);
  if (classes == opened.metadata().end() || decode_list(classes->second) != truth.val.classes) refuse();
  for (const auto& [name, scores] : {std::pair("val", &truth.val), std::pair("test", &truth.test)}) {
    const Tensor* from = opened.find(name);
    if (from == nullptr || from->dtype != DType::f32 || from->shape != shape_of(*scores)) refuse();
    std::copy_n(from->as<float>(), from->count(), scores->probabilities.begin());
  }
  return truth;
}

}  // namespace thorax
