#include "metrics/resampling.h"

#include <doctest/doctest.h>

#include <numeric>
#include <stdexcept>

#include "metrics/bootstrap.h"
#include "tests/metrics/oracle.h"
#include "tests/metrics/random_scores.h"

using namespace thorax::metrics;
using namespace thorax::test;

namespace {

Scores scores_of(const OracleCase& one) {
  Scores s{{"A"}, std::ssize(one.all("scores")), one.scores(), one.as<float>("labels")};
  return s;
}

BootstrapOptions options_of(size_t n, size_t images_of_a_patient) {
  BootstrapOptions o{.replicates = 200, .seed = 5};
  if (images_of_a_patient > 1)
    for (size_t i = 0; i < n; ++i) o.resampling.patients.push_back(static_cast<uint32_t>(100 + i / images_of_a_patient));
  return o;
}

void check_auc(const OracleCase& one, const BootstrapOptions& options, const char* expected) {
  CAPTURE(expected);
  const std::vector<std::optional<float>> no_cutoff(1);
  const Bootstrap result = bootstrap(scores_of(one), no_cutoff, options);
  REQUIRE(result.classes[0].auc.has_value());
  CHECK(result.classes[0].auc->low == doctest::Approx(one.one(expected, 0)).epsilon(1e-9));
  CHECK(result.classes[0].auc->high == doctest::Approx(one.one(expected, 1)).epsilon(1e-9));
  CHECK(result.mean.auc->low == result.classes[0].auc->low);
}

}  // namespace

TEST_CASE("bootstrap: BCa, patients and strata as the oracle draws them") {
  for (const OracleCase& one : read_oracle().cases) {
    CAPTURE(one.name);
    const size_t n = one.all("scores").size();
    BootstrapOptions by_image = options_of(n, 1), by_patient = options_of(n, 3), stratified = options_of(n, 1);
    check_auc(one, by_patient, "by_patient");
    by_image.bca = by_patient.bca = true;
    check_auc(one, by_image, "bca");
    check_auc(one, by_patient, "by_patient_bca");
    stratified.resampling.stratified = true;
    check_auc(one, stratified, "stratified");
  }
}

TEST_CASE("resampling: a patient's images come together, a stratum keeps its size") {
  const Scores scores = random_scores(90, 3, 20, 0.3, 4);
  Resampling how;
  for (uint32_t i = 0; i < 90; ++i) how.patients.push_back(i % 31);
  std::vector<uint32_t> times(90);
  const Resampler patients(scores, how);
  CHECK(patients.units() == 31);
  patients.draw(3, 8, times);
  for (size_t i = 0; i + 31 < 90; ++i) CHECK(times[i] == times[i + 31]);
  patients.leave_out(4, times);
  CHECK(std::accumulate(times.begin(), times.end(), 0U) == 87);
  how = {{}, true};
  const Resampler strata(scores, how);
  const KnownScores known = known_scores(scores, 1);
  for (uint64_t replicate = 0; replicate < 20; ++replicate) {
    strata.draw(3, replicate, times);
    int64_t positives = 0;
    for (size_t i = 0; i < known.images.size(); ++i) positives += times[known.images[i]] * known.labels[i];
    CHECK(positives == known.positives);
  }
  CHECK_THROWS_WITH_AS(Resampler(scores, {{1, 2}, false}), "bootstrap: 2 patients for 90 images", std::invalid_argument);
}

TEST_CASE("resampling: one image a unit and one stratum is the plain draw") {
  const Scores scores = random_scores(40, 1, 20, 0, 4);
  std::vector<uint32_t> a(40), b(40);
  Resampler(scores, {}).draw(9, 17, a);
  resample(9, 17, b);
  CHECK(a == b);
}
