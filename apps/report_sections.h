// The sections of a report about a run. Nothing in them names a file, a folder or a patient: an image is a line of its table.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/html.h"
#include "apps/journal.h"
#include "apps/measured.h"
#include "data/manifest.h"
#include "metrics/comparison.h"
#include "metrics/evaluation.h"

namespace thorax {

// Images, patients, ages, sexes and labels by split.
HtmlSection data_section(const data::Manifest& manifest);

// Losses, AUC and learning rate by epoch.
HtmlSection learning_section(const std::vector<JournalRecord>& epochs, const std::vector<std::string>& classes);

// All figures with their intervals. heading: what was measured on what.
HtmlSection results_section(const metrics::Evaluation& evaluation, const std::string& heading);

// Per class: ROC and precision-recall curve with the operating point, calibration, confusion.
HtmlSection classes_section(const Measured& measured, const metrics::Evaluation& evaluation);

// The images with the most confident mistakes, by their lines in the table.
HtmlSection mistakes_section(const Measured& measured, const data::Manifest& manifest, const std::vector<size_t>& rows);

// One way to divide the images: by sex, by age, by view, by a column.
struct Division {
  std::string name;
  struct Group {
    std::string name;
    metrics::Evaluation evaluation;
  };
  std::vector<Group> groups;
};
HtmlSection divisions_section(const std::vector<Division>& divisions, const metrics::Evaluation& whole);

// This run against others on the same images.
struct ComparedRun {
  std::string name;  // "model 2"
  metrics::Comparison comparison;
};
HtmlSection comparisons_section(const std::vector<ComparedRun>& runs);

// Every value of the run, versions, checksums. run: its folder or model file.
HtmlSection origin_section(const std::filesystem::path& model_file, const ModelDescription& model,
                           const std::vector<std::pair<std::string, std::string>>& measuring);

}  // namespace thorax
