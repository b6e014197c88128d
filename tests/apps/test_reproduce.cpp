#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "apps/experiment_runs.h"
#include "apps/initial_weights.h"
#include "apps/paper_page.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

ExperimentOptions options() {
  ExperimentOptions o;
  o.models = {"densenet121", "resnet18", "resnet50"};
  o.losses = {"bce", "db-modified"};
  o.loss = "db-modified";
  o.weights = "adult";
  o.files = {{{"adult", "densenet121"}, "a.pth"}, {{"adult", "resnet18"}, "b.pth"}};
  o.seeds = {1, 5};
  o.tables = {1, 2, 3, 5, 6};
  return o;
}

std::vector<std::string> names_of(const std::vector<Experiment>& all) {
  std::vector<std::string> names;
  for (const Experiment& e : all) names.push_back(e.name());
  return names;
}

// Two classes; what is said of the second is wrong by as much as is asked for.
Outcome outcome(const std::vector<std::string>& classes, float wrong) {
  Outcome o;
  for (metrics::Scores* s : {&o.val, &o.test}) {
    s->classes = classes;
    s->n = 6;
    for (int i = 0; i < 6; ++i)
      for (size_t k = 0; k < classes.size(); ++k) {
        const bool positive = i % 2 == 0;
        s->labels.push_back(positive ? 1.0F : 0.0F);
        s->probabilities.push_back((positive ? 0.9F : 0.1F) + (k == 1 && i == 0 ? -wrong : 0.0F) + 0.01F * static_cast<float>(i));
      }
  }
  return o;
}

data::Manifest manifest(const std::vector<std::string>& classes) {
  data::Manifest m;
  m.table = "some/table_1.csv";
  m.classes = classes;
  for (const data::Split split : {data::Split::train, data::Split::train, data::Split::val, data::Split::test}) {
    data::Row row;
    row.split = split;
    row.labels.assign(classes.size(), split == data::Split::train ? 1.0F : 0.0F);
    row.labels.back() = data::unknown_label;
    m.rows.push_back(row);
  }
  return m;
}

const std::vector<std::string> paper_classes{"No finding",
                                             "Bronchitis",
                                             "Brocho-pneumonia",
                                             "Bronchiolitis",
                                             "Pneumonia",
                                             "Other disease",
                                             "other_opacity",
                                             "Reticulonodular opacity",
                                             "Bronchial thickening",
                                             "Peribronchovascular interstitial opacity"};

}  // namespace

TEST_CASE("reproduce: a training that several tables show is done once, seed by seed") {
  const ExperimentOptions o = options();
  CHECK(names_of(experiments(o)) ==
        std::vector<std::string>{"densenet121-random-db-modified-1", "densenet121-adult-db-modified-1",
                                 "resnet18-adult-db-modified-1", "resnet50-random-db-modified-1", "densenet121-adult-bce-1",
                                 "densenet121-random-db-modified-5", "densenet121-adult-db-modified-5",
                                 "resnet18-adult-db-modified-5", "resnet50-random-db-modified-5", "densenet121-adult-bce-5"});
  const auto models = lines_of_table(3, o, 5);
  REQUIRE(models.size() == 4);
  CHECK(models[3].name == "ensemble");
  CHECK(models[3].members.size() == 3);
  CHECK(lines_of_table(5, o, 5).front().members == models[3].members);
}

TEST_CASE("reproduce: one model has no ensemble, and Table 5 is about it") {
  ExperimentOptions o = options();
  o.models = {"resnet50"};
  CHECK(lines_of_table(3, o, 1).size() == 1);
  CHECK(lines_of_table(5, o, 1).front().name == "resnet50");
  CHECK(lines_of_table(2, o, 1).size() == 1);  // no file fits it
}

TEST_CASE("reproduce: configurations may differ in what changes no result") {
  CHECK(first_difference("size = 64\nthreads = 2\nlr = 1\n", "size = 64\nthreads = 1\nlr = 1\n").empty());
  CHECK(first_difference("size = 64\nlr = 1\n", "size = 96\nlr = 1\n") == "size = 64, not size = 96");
  CHECK(first_difference("size = 64\nlr = 1\n", "size = 64\n") == "lr = 1, not nothing");
}

TEST_CASE("reproduce: what a model said comes back from its file bit for bit, and from no other's") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "scores.safetensors";
  const Outcome said = outcome({"A", "B"}, 0.3F);
  write_outcome(file, said);
  Outcome truth = said;
  std::fill(truth.val.probabilities.begin(), truth.val.probabilities.end(), 0.0F);
  std::fill(truth.test.probabilities.begin(), truth.test.probabilities.end(), 0.0F);
  const Outcome back = read_outcome(file, truth);
  CHECK(back.val.probabilities == said.val.probabilities);
  CHECK(back.test.probabilities == said.test.probabilities);
  truth.val.classes = truth.test.classes = {"A", "C"};
  CHECK(has(input_error([&] { read_outcome(file, truth); }), "of other images or classes"));
}

TEST_CASE("reproduce: the mean of what several say") {
  const Outcome a = outcome({"A", "B"}, 0.0F), b = outcome({"A", "B"}, 0.5F);
  const Outcome mean = mean_of({a, b});
  CHECK(mean.test.probabilities[0] == a.test.probabilities[0]);
  CHECK(mean.test.probabilities[1] == doctest::Approx((0.9 + 0.4) / 2));
  CHECK(mean.val.labels == a.val.labels);
}

TEST_CASE("reproduce: one seed has an interval, several have a mean and a standard deviation") {
  using metrics::Estimate;
  CHECK(over_seeds({Estimate{0.5, metrics::Interval{0.25, 0.75, 10}}}) == "0.500 (0.250-0.750)");
  CHECK(over_seeds({Estimate{0.5, {}}}) == "0.500");
  CHECK(over_seeds({Estimate{0.5, {}}, Estimate{0.6, {}}, Estimate{0.7, {}}}) == "0.600 ± 0.100");
  CHECK(over_seeds({Estimate{0.5, {}}, std::nullopt}) == "-");
}

TEST_CASE("reproduce: tables as CSV") {
  metrics::BootstrapOptions none;
  none.replicates = 0;
  const MeasuredLine line = measured_line("bce", 7, outcome({"A", "B,C"}, 0.78F), none);
  CHECK(lines_csv({line}).starts_with("line,seed,val_auc,auc,auc_low,auc_high,sensitivity,"));
  // Of class B one positive of three stands below two negatives of three: 7 of 9 pairs.
  CHECK(has(lines_csv({line}), "\nbce,7,0.888888888888888"));
  CHECK(has(classes_csv({line}), "\n7,\"B,C\",6,3,"));
  CHECK(has(curves_csv({line}), "\"B,C\",7,inf,0,0\n"));
  CHECK(has(curves_csv({line}), ",1,1\n"));
  CHECK(cohort_csv(manifest({"A", "B"})) ==
        "class,train_positive,train_known,val_positive,val_known,test_positive,test_known\n"
        "images,,2,,1,,1\nA,2,2,0,1,0,1\nB,0,0,0,0,0,0\n");
  CHECK(distribution_csv(manifest({"A", "B"})) == "class,images,share\nA,2,0.5\nB,0,\n");
}

TEST_CASE("reproduce: the paper's figures stand beside ours where the classes are the paper's, and only there") {
  metrics::BootstrapOptions none;
  none.replicates = 0;
  std::map<int, std::vector<MeasuredLine>> tables;
  tables[6] = {measured_line("bce", 1, outcome(paper_classes, 0.78F), none),
               measured_line("focal", 1, outcome(paper_classes, 0.78F), none)};
  tables[5] = {measured_line("ensemble", 1, outcome(paper_classes, 0.78F), none)};
  const std::string page = paper_page(manifest(paper_classes), tables, "Settings.");
  CHECK(has(page, "# The paper's experiments on table\\_1.csv\n\nSettings."));
  CHECK(has(page, "| bce | 0.978 | 0.978 | "));
  CHECK(has(page, " | 0.657 (0.636-0.678) |\n| focal |"));
  CHECK(has(page, "not quoted"));
  CHECK(has(page, "| the paper's mean | 0.709 (0.690-0.729) | 0.722 (0.694-0.750) |"));
  CHECK(has(page, "| No finding | 2 | 0 | 0 | 1,387 |"));
  CHECK(has(page, "| other\\_opacity | 2 | 0 | 0 | 453 |"));
  std::vector<std::string> others = paper_classes;
  others[3] = "Bronchitis|two";
  tables[5] = {measured_line("ensemble", 1, outcome(others, 0.78F), none)};
  const std::string other_page = paper_page(manifest(others), tables, "Settings.");
  CHECK(has(other_page, "its figures are about something else and are left out"));
  CHECK(has(other_page, "| Bronchitis\\|two | "));
  CHECK_FALSE(has(other_page, "0.709"));
  CHECK_FALSE(has(other_page, "1,387"));
}

TEST_CASE("weights: a ResNet-101, which holds all tensors of a ResNet-50, is taken for what it is") {
  const TemporaryFolder folder;
  for (const char* model : {"resnet50", "resnet101"}) {
    std::string header;
    int64_t end = 0;
    for (const ModelTensor& t : tensors_of_model(model, 3)) {
      if (t.optional) continue;
      const int64_t begin = end;
      end += t.shape.count() * static_cast<int64_t>(size_of(t.dtype));
      std::string shape;
      for (int i = 0; i < t.shape.rank(); ++i) shape += str(i > 0 ? "," : "", t.shape[i]);
      header += str(header.empty() ? "{" : ",", '"', t.name, "\":{\"dtype\":\"F32\",\"shape\":[", shape, "],\"data_offsets\":[",
                    begin, ',', end, "]}");
    }
    header += '}';
    const std::filesystem::path file = folder.path() / str(model, ".safetensors");
    const auto length = static_cast<uint64_t>(header.size());
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(&length), 8) << header;
    std::filesystem::resize_file(file, 8 + length + static_cast<uint64_t>(end));  // zeros that take no disk
    CHECK(fitting_model(weights::WeightFile(file)) == model);
  }
}
