#include "apps/metrics_table.h"

#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <sstream>

#include "apps/printable.h"

using namespace thorax;
using metrics::ClassEvaluation;
using metrics::Estimate;
using metrics::Evaluation;
using metrics::Interval;

namespace {

Estimate estimate(double value, double low, double high, int64_t replicates = 10000) {
  return {value, Interval{low, high, replicates}};
}

ClassEvaluation measured(std::string name, int64_t n, Estimate auc, double sensitivity, double specificity, double f1) {
  return {std::move(name),
          614,
          n,
          0.25F,
          auc,
          estimate(0.625, 0.5, 0.75),
          estimate(sensitivity, 0.5, 0.75),
          estimate(specificity, 0.5, 0.75),
          estimate(f1, 0.5, 0.75)};
}

Evaluation three_classes() {
  Evaluation evaluation;
  evaluation.n = 614;
  evaluation.classes = {measured("No finding", 158, estimate(0.987, 0.979, 0.993), 0.949, 0.958, 0.918),
                        measured("Bacterial pneumonia", 299, estimate(0.921, 0.899, 0.941), 0.856, 0.843, 0.848),
                        measured("Viral pneumonia", 157, estimate(0.894, 0.864, 0.921), 0.828, 0.801, 0.679)};
  evaluation.mean = {3,
                     3,
                     estimate(0.934, 0.921, 0.946),
                     estimate(0.625, 0.5, 0.75),
                     estimate(0.878, 0.5, 0.75),
                     estimate(0.867, 0.5, 0.75),
                     estimate(0.815, 0.5, 0.75)};
  evaluation.replicates = 10000;
  evaluation.seed = 1;
  evaluation.bootstrap_seconds = 0.4;
  return evaluation;
}

EvaluationHeading heading() {
  return {"run/best.safetensors", 9, "test", 318, "Youden on validation (609)"};
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

void make_undefined(ClassEvaluation& one, int64_t positives) {
  one.n_positive = positives;
  one.auc = one.average_precision = one.sensitivity = one.specificity = one.f1 = std::nullopt;
}

}  // namespace

TEST_CASE("the evaluation table is the documented screen") {
  CHECK(evaluation_table(three_classes(), heading()) ==
        "run/best.safetensors (epoch 9) on test: 614 images, 318 patients\n"
        "cut-offs: Youden on validation (609)\n"
        "                          n   AUC    95% CI           sens.  spec.  F1\n"
        "No finding              158   0.987  (0.979-0.993)    0.949  0.958  0.918\n"
        "Bacterial pneumonia     299   0.921  (0.899-0.941)    0.856  0.843  0.848\n"
        "Viral pneumonia         157   0.894  (0.864-0.921)    0.828  0.801  0.679\n"
        "mean                          0.934  (0.921-0.946)    0.878  0.867  0.815\n"
        "10,000 bootstrap replicates by image, seed 1, 0.4 s\n");
}

TEST_CASE("a short heading is one line") {
  const EvaluationHeading short_heading{"a", 1, "test", std::nullopt, "checkpoint"};
  CHECK(lines(evaluation_table(three_classes(), short_heading))[0] == "a (epoch 1) on test: 614 images; cut-offs: checkpoint");
}

TEST_CASE("ten long class names fit in 80 columns and stay distinct") {
  Evaluation evaluation = three_classes();
  const ClassEvaluation model = evaluation.classes[0];
  evaluation.classes.clear();
  for (const char* name :
       {"Reticulonodular opacity", "Peribronchovascular interstitial opacity", "Peribronchovascular interstitial infiltrate",
        "Other opacity", "Bronchial thickening", "Bronchitis", "Brocho-pneumonia",
        "Ver\xC3\xA4nderung der Lungengef\xC3\xA4\xC3\x9F"
        "e beidseits",
        "evil \x1B[31m name\nwith a break", "No finding"}) {
    evaluation.classes.push_back(model);
    evaluation.classes.back().name = name;
  }
  evaluation.mean.n_auc = evaluation.mean.n_decisions = 10;
  evaluation.classes[3].n_positive = 1234567;
  evaluation.classes[3].n_known = 2000000;
  const auto text = lines(evaluation_table(evaluation, heading()));
  REQUIRE(text.size() == 2 + 1 + 10 + 1 + 1);
  std::set<std::string> names;
  for (const auto& line : text) {
    CHECK(columns(line) <= 80);
    CHECK(printable(line) == line);
  }
  for (size_t i = 3; i < 13; ++i) names.insert(text[i].substr(0, 22));
  CHECK(names.size() == 10);
  CHECK(text[3].starts_with("Reticulonodular opa...   "));
  CHECK(text[4].starts_with("Peribronchovascu... #2   "));
  CHECK(text[5].starts_with("Peribronchovascu... #3   "));
}

TEST_CASE("a class with one value is named as undefined in table, CSV and JSON") {
  Evaluation evaluation = three_classes();
  make_undefined(evaluation.classes[1], 0);
  evaluation.mean.n_auc = evaluation.mean.n_decisions = 2;
  const auto text = lines(evaluation_table(evaluation, heading()));
  CHECK(text[4] == "Bacterial pneumonia       0   undefined                   -      -      -");
  CHECK(text[7] == "note: Bacterial pneumonia: undefined: all 614 known labels are 0");
  CHECK(text[8] == "note: mean: over 2 of 3 classes");
  const auto csv = lines(evaluation_csv(evaluation));
  CHECK(csv[2] == "Bacterial pneumonia,614,0,0.25,,,,,,,,,,,,,,,,,,,,,undefined: all 614 known labels are 0");
  const std::string json = evaluation_json(evaluation, heading());
  CHECK(json.find("\"auc\": null, \"average_precision\": null, \"sensitivity\": null, \"specificity\": null, \"f1\": null, "
                  "\"note\": \"undefined: all 614 known labels are 0\"}") != std::string::npos);
}

TEST_CASE("notes say what is undefined or left out, and nothing otherwise") {
  Evaluation evaluation = three_classes();
  ClassEvaluation& one = evaluation.classes[0];
  CHECK(evaluation_note(one, 10000).empty());
  CHECK(mean_note(evaluation).empty());
  one.auc->interval->replicates = 9000;
  CHECK(evaluation_note(one, 10000) ==
        "1,000 of 10,000 replicates had no positive or no negative image and are not in the intervals");
  one.auc->interval = std::nullopt;
  CHECK(evaluation_note(one, 50).starts_with("50 of 50 replicates"));
  CHECK(evaluation_note(one, 0).empty());
  one.cutoff = std::numeric_limits<float>::infinity();
  CHECK(evaluation_note(one, 0) == "no cut-off is better than chance: nothing is called positive");
  one.cutoff = std::nullopt;
  CHECK(evaluation_note(one, 0) == "no cut-off: the labels that it is chosen on have one value only");
  make_undefined(one, 614);
  CHECK(evaluation_note(one, 0) == "undefined: all 614 known labels are 1");
  one.n_known = one.n_positive = 0;
  CHECK(evaluation_note(one, 0) == "undefined: no label is known");
  evaluation.mean.n_auc = 2;
  evaluation.mean.n_decisions = 1;
  evaluation.mean.auc->interval->replicates = 9999;
  CHECK(mean_note(evaluation) ==
        "over 2 of 3 classes; sensitivity, specificity and F1 over 1 of 3 classes; 1 of 10,000 replicates had a class without a "
        "positive or a negative image and are not in the intervals");
  for (const auto& line : lines(evaluation_table(evaluation, heading()))) CHECK(columns(line) <= 80);
}

TEST_CASE("the CSV has one row per class and the mean, with every interval") {
  Evaluation evaluation = three_classes();
  evaluation.classes.resize(1);
  evaluation.classes[0].name = "a \"b\", c";
  evaluation.classes[0].f1->interval = std::nullopt;
  CHECK(evaluation_csv(evaluation) ==
        "class,images,positives,cutoff,auc,auc_low,auc_high,auc_replicates,average_precision,average_precision_low,"
        "average_precision_high,average_precision_replicates,sensitivity,sensitivity_low,sensitivity_high,"
        "sensitivity_replicates,specificity,specificity_low,specificity_high,specificity_replicates,f1,f1_low,f1_high,"
        "f1_replicates,note\n"
        "\"a \"\"b\"\", "
        "c\",614,158,0.25,0.987,0.979,0.993,10000,0.625,0.5,0.75,10000,0.949,0.5,0.75,10000,0.958,0.5,0.75,10000,0.918,,,,\n"
        "mean,614,,,0.934,0.921,0.946,10000,0.625,0.5,0.75,10000,0.878,0.5,0.75,10000,0.867,0.5,0.75,10000,0.815,0.5,0.75,10000,"
        "\n");
}

TEST_CASE("all intervals in words, at most 80 columns") {
  Evaluation evaluation = three_classes();
  evaluation.classes.resize(2);
  make_undefined(evaluation.classes[1], 0);
  evaluation.mean.f1->interval = std::nullopt;
  CHECK(interval_lines(evaluation) ==
        "No finding: average precision 0.625 (0.500-0.750), sensitivity 0.949\n"
        "  (0.500-0.750), specificity 0.958 (0.500-0.750), F1 0.918 (0.500-0.750)\n"
        "Bacterial pneumonia: undefined\n"
        "mean: average precision 0.625 (0.500-0.750), sensitivity 0.878 (0.500-0.750),\n"
        "  specificity 0.867 (0.500-0.750), F1 0.815\n");
}

TEST_CASE("the CSV of a group has its name in front, and one header in all") {
  Evaluation evaluation = three_classes();
  const auto csv = lines(evaluation_csv(evaluation, "F, female", true) + evaluation_csv(evaluation, "M", false));
  REQUIRE(csv.size() == 9);
  CHECK(csv[0].starts_with("group,class,images,"));
  CHECK(csv[1].starts_with("\"F, female\",No finding,614,"));
  CHECK(csv[4].starts_with("\"F, female\",mean,614,"));
  CHECK(csv[8].starts_with("M,mean,614,"));
}

TEST_CASE("the JSON has the documented keys and is valid for any name") {
  Evaluation evaluation = three_classes();
  evaluation.classes.resize(1);
  evaluation.classes[0].name = "a \"b\" \\ \n \xFF";
  evaluation.classes[0].cutoff = std::numeric_limits<float>::infinity();
  evaluation.classes[0].f1->interval = std::nullopt;
  EvaluationHeading about = heading();
  about.patients = std::nullopt;
  CHECK(evaluation_json(evaluation, about) ==
        "{\"checkpoint\": \"run/best.safetensors\", \"epoch\": 9, \"split\": \"test\", \"images\": 614, \"patients\": null, "
        "\"cutoffs\": \"Youden on validation (609)\", \"resampling\": \"by image\", \"replicates\": 10000, \"seed\": 1, "
        "\"classes\": [{\"name\": "
        "\"a \\\"b\\\" \\\\ \\u000a \xEF\xBF\xBD\", \"images\": 614, \"positives\": 158, \"cutoff\": null, "
        "\"auc\": {\"value\": 0.987, \"low\": 0.979, \"high\": 0.993, \"replicates\": 10000}, "
        "\"average_precision\": {\"value\": 0.625, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, "
        "\"sensitivity\": {\"value\": 0.949, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, "
        "\"specificity\": {\"value\": 0.958, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, "
        "\"f1\": {\"value\": 0.918, \"low\": null, \"high\": null, \"replicates\": 0}, "
        "\"note\": \"no cut-off is better than chance: nothing is called positive\"}], "
        "\"mean\": {\"auc_classes\": 3, \"decision_classes\": 3, "
        "\"auc\": {\"value\": 0.934, \"low\": 0.921, \"high\": 0.946, \"replicates\": 10000}, "
        "\"average_precision\": {\"value\": 0.625, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, "
        "\"sensitivity\": {\"value\": 0.878, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, "
        "\"specificity\": {\"value\": 0.867, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, "
        "\"f1\": {\"value\": 0.815, \"low\": 0.5, \"high\": 0.75, \"replicates\": 10000}, \"note\": null}}\n");
}

TEST_CASE("text of unknown origin cannot steer the terminal") {
  CHECK(printable("a\x1B[31m\t\x7F") == "a?[31m??");
  CHECK(printable("\xC2\x9B"
                  "31m") == "?31m");
  CHECK(printable("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\xAB\x81") == "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\xAB\x81");
  CHECK(printable("\xFF\xC0\x80\xED\xA0\x80\xF5\x80\x80\x80\xE2\x82") == std::string(12, '?'));
  CHECK(shortened("abcdefgh", 8) == "abcdefgh");
  CHECK(shortened("abcdefghi", 8) == "abcde...");
  CHECK(shortened("abcd efghi", 8) == "abcd...");
  CHECK(shortened("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 4) == "\xC3\xA4...");
}
