#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "losses/registry.h"
#include "tensor/error.h"
#include "tensor/rng.h"
#include "tests/device.h"
#include "tests/oracle_records.h"

using namespace thorax;

namespace {

const std::vector<std::string> names{"Reticulonodular opacity",
                                     "Peribronchovascular interstitial opacity",
                                     "Other opacity",
                                     "Bronchial thickening",
                                     "Bronchitis",
                                     "Brocho-pneumonia",
                                     "Bronchiolitis",
                                     "Pneumonia",
                                     "Other disease",
                                     "No finding"};

ClassCounts ten_classes() {
  return {names, {402, 1116, 453, 477, 730, 438, 417, 354, 396, 1387}, std::vector<double>(10, 3550.0)};
}

ClassCounts two_classes() {
  return {{"Pneumonia", "no_finding"}, {10, 60}, {100, 90}};
}

LossOptions named(const std::string& name) {
  LossOptions options;
  options.name = name;
  return options;
}

// A batch with its results.
struct Batch {
  Batch(int64_t rows, int64_t classes)
      : shape{rows, classes}, logits(size()), labels(size()), mask(size(), 1.0F), gradient(size(), std::nanf("")) {}
  size_t size() const { return static_cast<size_t>(shape.count()); }
  double run(const LossTable& table, bool with_gradient = true) {
    const auto view = [&](std::vector<float>& values) { return Tensor{values.data(), shape, DType::f32, Layout::plain}; };
    std::vector<float> loss{std::nanf("")};  // a GPU cannot read the stack
    loss_forward_backward(test::test_stream(1), view(logits), view(labels), view(mask), table, loss.data(),
                          with_gradient ? view(gradient) : Tensor{});
    return loss[0];
  }
  Shape shape;
  std::vector<float> logits, labels, mask, gradient;
};

Batch random_batch(int64_t rows, int64_t classes, uint64_t seed) {
  Batch batch(rows, classes);
  const Rng rng(seed, 0);
  for (size_t i = 0; i < batch.size(); ++i) {
    batch.logits[i] = rng.uniform(3 * i, -4, 4);
    batch.labels[i] = rng.uniform(3 * i + 1) < 0.4F ? 1.0F : 0.0F;
    batch.mask[i] = rng.uniform(3 * i + 2) < 0.7F ? 1.0F : 0.0F;
  }
  return batch;
}

// What the options are that the oracle's case is about.
LossOptions of_case(const std::string& name) {
  const auto starts = [&](const char* with) { return name.rfind(with, 0) == 0; };
  const auto says = [&](const char* what) { return name.find(what) != std::string::npos; };
  LossOptions o;
  for (const std::string& loss : loss_names())
    if (starts(loss.c_str())) o.name = loss;
  if (says("-without-focal")) o.focal = false;
  if (says("-focal") && !says("-without-focal")) o.focal = true;
  if (says("-rebalance-alone")) o.tolerance = false;
  if (says("-tolerance-alone")) o.rebalance = false;
  if (says("-ratio")) o.ratio_weights = true;
  if (name == "focal-without-alpha") o.focal = true, o.focal_alpha = 0, o.focal_gamma = 0.5;
  return o;
}

Batch batch_of(const test::OracleCase& one) {
  Batch batch(5, 10);
  batch.logits = one.as<float>("logits");
  batch.labels = one.as<float>("labels");
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!std::isnan(batch.labels[i])) continue;
    batch.labels[i] = 0;
    batch.mask[i] = 0;
  }
  return batch;
}

// The sum of y_j/n_j over the known entries of a row.
double row_sum(const LossTable& table, const Batch& batch, size_t row) {
  double sum = 0;
  for (size_t k = 0; k < 10; ++k)
    sum += double{batch.mask[10 * row + k]} * double{batch.labels[10 * row + k]} * table.inverse_count[k];
  return sum;
}

void check_differences(const LossTable& table, Batch batch) {
  batch.run(table);
  const std::vector<float> gradient = batch.gradient;
  for (size_t i = 0; i < batch.size(); ++i) {
    const float before = batch.logits[i];
    const float step = 0x1p-6F;
    batch.logits[i] = before + step;
    const double up = batch.run(table, false);
    batch.logits[i] = before - step;
    const double down = batch.run(table, false);
    batch.logits[i] = before;
    CHECK(std::abs(gradient[i] - (up - down) / (2.0 * step)) < 5e-5);
  }
}

}  // namespace

TEST_CASE("losses: mean, elements and gradients of the oracle, every part switched by itself") {
  const auto cases = test::read_oracle_cases("tests/losses/oracle.txt");
  REQUIRE(cases.size() == 15);
  for (const auto& one : cases) {
    CAPTURE(one.name);
    const LossTable table = make_loss(of_case(one.name), ten_classes());
    Batch batch = batch_of(one);
    CHECK(std::abs(batch.run(table) - one.one("mean")) < 1e-6);
    for (size_t i = 0; i < 50; ++i) {
      CHECK(std::abs(batch.gradient[i] - one.one("gradient", i)) < 1e-8);
      if (batch.mask[i] == 0) continue;
      const bool special = static_cast<int64_t>(i % 10) == table.no_finding;
      const double weight = table.rebalance ? rebalance_weight(table.inverse_count[i % 10], row_sum(table, batch, i / 10),
                                                               special ? table.c_hat : 0.0, 10, table.alpha, table.beta, table.mu)
                                            : 1.0;
      const LossTerm term = loss_term(batch.logits[i], batch.labels[i], table.of[i % 10], table.form, weight);
      CHECK(std::abs(term.value - one.one("loss", i)) < 1e-9);
    }
  }
}

TEST_CASE("losses: bce switched to another part is that part") {
  LossOptions bce = named("bce"), other = named("db");
  bce.rebalance = bce.tolerance = true;
  Batch a = random_batch(4, 2, 5), b = a;
  CHECK(a.run(make_loss(bce, two_classes())) == b.run(make_loss(other, two_classes())));
  CHECK(a.gradient == b.gradient);
  bce = named("bce");
  bce.focal = true;
  CHECK(a.run(make_loss(bce, two_classes())) == b.run(make_loss(named("focal"), two_classes())));
  other = named("db-code");
  other.rebalance = other.tolerance = other.focal = false;
  CHECK(a.run(make_loss(other, two_classes())) == b.run(make_loss(named("bce"), two_classes())));
}

TEST_CASE("losses: a table too large for a GPU's kernel is refused at plan time, on a GPU alone") {
  const auto refused = [](Device device, int64_t count) {
    try {
      require_loss({device, 1}, LossTable(static_cast<size_t>(count)));
      return false;
    } catch (const Error& e) {
      return e.fault() == Fault::machine;
    }
  };
  CHECK(refused(Device::cuda, most_gpu_classes + 1));
  CHECK(!refused(Device::cuda, most_gpu_classes));
  CHECK(!refused(Device::cpu, most_gpu_classes + 1));
}

TEST_CASE("bce: the plain formula, over the known entries") {
  Batch batch = random_batch(7, 3, 1);
  const LossTable table = make_loss(named("bce"), {{"a", "b", "c"}, {0, 5, 9}, {9, 9, 9}});
  double total = 0, known = 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch.mask[i] == 0.0F) continue;
    const double p = 1 / (1 + std::exp(-double{batch.logits[i]}));
    total -= batch.labels[i] == 1.0F ? std::log(p) : std::log(1 - p);
    known += 1;
  }
  CHECK(std::abs(batch.run(table) - total / known) < 1e-6);
  for (size_t i = 0; i < batch.size(); ++i) {
    const double p = 1 / (1 + std::exp(-double{batch.logits[i]}));
    const double expected = batch.mask[i] == 0.0F ? 0.0 : (p - batch.labels[i]) / known;
    CHECK(std::abs(batch.gradient[i] - expected) < 1e-7);
  }
}

TEST_CASE("losses: gradients agree with central differences, with masks and soft labels") {
  for (const std::string& name : loss_names()) {
    CAPTURE(name);
    Batch batch = random_batch(4, 2, 2);
    check_differences(make_loss(named(name), two_classes()), batch);
    batch.labels[0] = 0.3F;
    batch.mask[0] = 1.0F;
    check_differences(make_loss(named(name), two_classes()), batch);
  }
}

TEST_CASE("losses: an unknown entry counts for nothing, whatever its label and logit are") {
  for (const std::string& name : loss_names()) {
    CAPTURE(name);
    const LossTable table = make_loss(named(name), two_classes());
    Batch batch(2, 2), garbage(2, 2);
    batch.labels = {0, 1, 1, 0};
    batch.mask = {0, 1, 1, 1};
    batch.logits = {0, 0.5F, -1, 2};
    garbage.labels = {std::nanf(""), 1, 1, 0};
    garbage.mask = batch.mask;
    garbage.logits = {std::numeric_limits<float>::infinity(), 0.5F, -1, 2};
    CHECK(batch.run(table) == garbage.run(table));
    CHECK(batch.gradient == garbage.gradient);
    CHECK(garbage.gradient[0] == 0.0F);
    garbage.mask.assign(4, 0.0F);
    CHECK(garbage.run(table) == 0.0);
    CHECK(garbage.gradient == std::vector<float>(4, 0.0F));
  }
}

TEST_CASE("db: an unknown positive is left out of the row's P^I") {
  const LossTable table = make_loss(named("db"), two_classes());
  Batch batch(1, 2);
  batch.labels = {1, 1};
  batch.mask = {1, 0};
  batch.logits = {0.25F, 0};
  // Of the known positives the row has class 0 alone: r = 1.
  const double weight = 0.1 + 1 / (1 + std::exp(-10 * (1 - 0.3)));
  const double z = 0.25 - 0.05 * std::log(100.0 / 10 - 1);
  CHECK(std::abs(batch.run(table) - weight * std::log1p(std::exp(-z))) < 1e-6);
}

TEST_CASE("losses: extreme logits stay finite and right") {
  for (const std::string& name : loss_names()) {
    CAPTURE(name);
    const LossTable table = make_loss(named(name), two_classes());
    for (const float logit : {-100.0F, 100.0F, -1e30F, 1e30F}) {
      for (const float label : {0.0F, 1.0F}) {
        Batch batch(1, 2);
        batch.logits = {logit, 0};
        batch.labels = {label, 0};
        batch.mask = {1, 0};
        const double loss = batch.run(table);
        CHECK(std::isfinite(loss));
        CHECK(std::isfinite(batch.gradient[0]));
        const bool right = (logit > 0) == (label > 0);
        const double weight = (table.rebalance ? table.alpha + (label > 0 ? 1 / (1 + std::exp(-7.0)) : 1) : 1) *
                              table.form.scale * (label > 0 ? table.of[0].positive_weight : table.of[0].negative_weight);
        // Far out the loss is a straight line: 0 on the right side, weight |z - v| on the wrong one (the 1/lambda cancels).
        const double expected = right ? 0 : weight * std::abs(double{logit} - table.of[0].bias);
        CHECK(loss == doctest::Approx(expected).epsilon(1e-6));
        const double slope = right ? 0 : weight * (logit > 0 ? 1 : -1);
        CHECK(std::abs(batch.gradient[0] - slope) < 1e-6);
      }
    }
  }
}

TEST_CASE("loss: a batch without the gradient gives the same value, a wrong shape is a defect") {
  const LossTable table = make_loss(named("db-modified"), two_classes());
  Batch batch = random_batch(3, 2, 3);
  const double loss = batch.run(table);
  batch.gradient.assign(6, 42.0F);
  CHECK(batch.run(table, false) == loss);
  CHECK(batch.gradient == std::vector<float>(6, 42.0F));
  Batch wrong(3, 3);
  CHECK_THROWS_WITH_AS(wrong.run(table),
                       "loss_forward_backward: logits is [3,3], the table is for 2 classes, 2 counts and class 1", Error);
}

TEST_CASE("db-modified: 'No finding' is found by name or by option") {
  CHECK(make_loss(named("db-modified"), two_classes()).no_finding == 1);
  CHECK(make_loss(named("db"), two_classes()).no_finding == -1);
  ClassCounts counts = two_classes();
  counts.classes = {"Normal", "Sick"};
  const LossTable original = make_loss(named("db-modified"), counts);
  CHECK(original.no_finding == -1);
  CHECK(original.c_hat == 0);
  CHECK(original.note == "no class is called 'No finding': the modified Distribution-Balanced loss equals the original");
  LossOptions options = named("db-modified");
  options.no_finding = "normal";
  CHECK(make_loss(options, counts).no_finding == 0);
  CHECK(make_loss(options, counts).c_hat == doctest::Approx((1.0 / 10 + 1.0 / 60) / 4));
  CHECK(make_loss(options, counts).note.empty());
  options.no_finding = "Healthy";
  CHECK_THROWS_WITH_AS(make_loss(options, counts), "loss db-modified: no class is called 'Healthy'", Error);
}

TEST_CASE("losses: what cannot be made is refused with a hint") {
  ClassCounts counts = two_classes();
  counts.positives[0] = 0;
  CHECK_NOTHROW(make_loss(named("bce"), counts));
  try {
    make_loss(named("db"), counts);
    FAIL("a class without positives was taken");
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    CHECK(std::string(e.what()) ==
          "loss db: class 'Pneumonia' has 0 positive of 100 known labels in the training set; the weights need at "
          "least one positive and one negative");
    CHECK(e.hint() == "leave the class out, choose the loss bce, or count it as one with --clamp-counts");
  }
  counts.positives[0] = 100;
  CHECK_THROWS_AS(make_loss(named("db-modified"), counts), Error);
  CHECK_THROWS_WITH_AS(make_loss(named("hinge"), two_classes()), "unknown loss 'hinge'", Error);
  LossOptions options = named("db");
  options.lambda = 0;
  CHECK_THROWS_WITH_AS(make_loss(options, two_classes()), "loss db: lambda is 0, it must be above 0", Error);
  options.lambda = std::nan("");
  CHECK_THROWS_AS(make_loss(options, two_classes()), Error);
  counts.known.pop_back();
  CHECK_THROWS_AS(make_loss(named("bce"), counts), Error);
}

TEST_CASE("losses: clamped counts count one image of the value that is missing, and say so") {
  LossOptions options = named("db");
  options.clamp_counts = true;
  ClassCounts counts{{"none", "all", "unknown", "both"}, {0, 100, 0, 10}, {100, 100, 0, 100}};
  const LossTable table = make_loss(options, counts);
  CHECK(table.inverse_count == std::vector<double>{1, 0.01, 1, 0.1});
  const double sign[] = {1, -1};
  for (size_t k : {0U, 1U}) CHECK(table.of[k].bias == doctest::Approx(sign[k] * 0.05 * std::log(100.0)));
  CHECK(table.of[2].bias == 0);
  CHECK(table.note ==
        "class 'none' has 0 positive of 100 known labels and is counted as 1 of 101; class 'all' has 100 positive of 100 known "
        "labels and is counted as 100 of 101; class 'unknown' has 0 positive of 0 known labels and is counted as 1 of 2");
  options.name = "db-modified";
  CHECK(make_loss(options, counts).note.find("equals the original; class 'none'") != std::string::npos);
  options.name = "bce";
  CHECK(make_loss(options, counts).note.empty());
}

TEST_CASE("losses: the focal figures are checked") {
  LossOptions options = named("focal");
  options.focal_gamma = -1;
  CHECK_THROWS_WITH_AS(make_loss(options, two_classes()), "focal loss: gamma is -1, it must be a number from 0", Error);
  options = named("focal");
  options.focal_alpha = 1;
  CHECK_THROWS_AS(make_loss(options, two_classes()), Error);
  options = named("db-code");
  options.db_focal_scale = 0;
  CHECK_THROWS_AS(make_loss(options, two_classes()), Error);
}
