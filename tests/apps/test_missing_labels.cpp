// Missing labels, the whole road: table, loader, loss, gradients, figures.
#include <doctest/doctest.h>

#include <cmath>

#include "apps/scoring.h"
#include "apps/trainer.h"
#include "data/label_counts.h"
#include "data/phantom.h"
#include "losses/registry.h"
#include "metrics/evaluation.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

using Names = std::vector<std::string>;
constexpr int64_t images = 8;
constexpr int64_t size = 32;

// Images of phantoms under a table of our own: A is known of all, B of half, C of none but the last two.
struct Road {
  Road() {
    data::PhantomOptions phantoms;
    phantoms.count = images;
    phantoms.size = size;
    data::make_phantoms(folder.path(), phantoms);
  }
  data::Manifest table(const std::string& unknown, const Names& labels) const {
    std::string text = "image,A,B,C\n";
    for (int64_t i = 0; i < images; ++i) {
      const std::string b = i < images / 2 ? unknown : i % 3 == 0 ? "1" : "0";
      text += str("images/00000", i, ".png,", i % 2, ',', b, ',', i == images - 1 ? "1" : i == images - 2 ? "0" : unknown, '\n');
    }
    write_text(folder / "t.csv", text);
    data::ManifestOptions options;
    options.table = folder / "t.csv";
    options.labels = labels;
    return data::read_manifest(options);
  }
  TemporaryFolder folder;
};

std::vector<size_t> all_rows() {
  std::vector<size_t> rows;
  for (size_t i = 0; i < static_cast<size_t>(images); ++i) rows.push_back(i);
  return rows;
}

data::Batch batch_of(const data::Manifest& manifest, const std::vector<size_t>& rows) {
  data::Recipe recipe;
  recipe.size = size;
  data::LoaderOptions options;
  options.batch = static_cast<int64_t>(rows.size());
  data::Loader loader(manifest, rows, recipe, options);
  loader.start(0);
  data::Batch batch;
  REQUIRE(loader.next(batch));
  return batch;
}

TrainerOptions options_of(const data::Manifest& manifest, const std::vector<size_t>& rows, const std::string& loss) {
  const data::LabelCounts counts = data::count_labels(manifest, rows);
  TrainerOptions o;
  o.network.classes = static_cast<int64_t>(manifest.classes.size());
  o.network.size = size;
  o.network.stream.threads = 2;
  o.batch = static_cast<int64_t>(rows.size());
  LossOptions options;
  options.name = loss;
  o.loss = make_loss(options, {manifest.classes, counts.positives, {counts.known.begin(), counts.known.end()}});
  return o;
}

std::vector<float> weights(Trainer& trainer) {
  const Tensor w = trainer.store().find("classifier.weight");
  return {w.as<float>(), w.as<float>() + w.count()};
}

}  // namespace

TEST_CASE("missing labels: counted as neither positive nor known, masked in the batch") {
  const Road road;
  const data::Manifest m = road.table("", {"A", "B", "C"});
  const data::LabelCounts counts = data::count_labels(m, all_rows());
  CHECK(counts.known == std::vector<int64_t>{8, 4, 2});
  CHECK(counts.positives == std::vector<double>{4, 1, 1});
  const data::Batch batch = batch_of(m, all_rows());
  CHECK(std::vector<float>(batch.mask.begin(), batch.mask.begin() + 3) == std::vector<float>{1, 0, 0});
  CHECK(batch.mask.back() == 1);
  for (float label : batch.labels) CHECK(!std::isnan(label));
}

TEST_CASE("missing labels: no loss and no gradient, with every loss") {
  const Road road;
  const data::Manifest m = road.table("-1", {"A", "B", "C"});
  const std::vector<size_t> first{0, 1, 2, 3};  // of which B and C are not known
  const data::Batch batch = batch_of(m, first);
  for (const std::string& loss : loss_names()) {
    CAPTURE(loss);
    TrainerOptions options = options_of(m, all_rows(), loss);
    options.batch = static_cast<int64_t>(first.size());
    Trainer trainer(options);
    const std::vector<float> before = weights(trainer);
    const double value = trainer.step(batch, 0.1);
    CHECK(value > 0);
    const std::vector<float> after = weights(trainer);
    const size_t features = before.size() / 3;
    size_t changed = 0;
    for (size_t i = 0; i < features; ++i) changed += before[i] != after[i] ? 1 : 0;
    CHECK(changed > features / 2);
    CHECK(std::equal(before.begin() + static_cast<std::ptrdiff_t>(features), before.end(),
                     after.begin() + static_cast<std::ptrdiff_t>(features)));
  }
}

TEST_CASE("missing labels: a batch without any known label trains nothing and is no accident") {
  const Road road;
  const data::Manifest m = road.table("", {"B", "C"});
  const std::vector<size_t> none{0, 1, 2};
  TrainerOptions options = options_of(m, all_rows(), "bce");
  options.batch = 3;
  Trainer trainer(options);
  const std::vector<float> before = weights(trainer);
  CHECK(trainer.step(batch_of(m, none), 0.1) == 0.0);
  CHECK(weights(trainer) == before);
}

TEST_CASE("missing labels: left out of the figures, soft ones too") {
  const Road road;
  data::Manifest m = road.table("", {"A", "B", "C"});
  m.rows[7].labels[1] = 0.7F;
  const metrics::Scores truth = truth_of(m, all_rows());
  CHECK_NOTHROW(truth.check());
  CHECK(metrics::known_scores(truth, 0).labels.size() == 8);
  CHECK(metrics::known_scores(truth, 1).images == std::vector<uint32_t>{4, 5, 6});
  const metrics::Evaluation e = metrics::evaluate(truth, truth, {});
  CHECK(e.classes[1].n_known == 3);
  CHECK(e.classes[1].is_defined());
  CHECK(e.classes[2].n_known == 2);
  m.rows[6].labels[2] = data::unknown_label;
  const metrics::Scores one_value = truth_of(m, all_rows());
  CHECK(!metrics::evaluate(one_value, one_value, {}).classes[2].auc.has_value());
  CHECK(data::count_labels(m, all_rows()).positives[1] == doctest::Approx(1.7));
  CHECK(data::count_labels(m, all_rows()).soft[1] == 1);
}
