// What the paper itself reports, as far as it is quoted in docs/method.md and its abstract, to stand beside our own figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thorax {

struct PublishedFigure {
  int table;
  const char* line;     // as lines_of_table() names it; of Table 5 "mean"
  const char* measure;  // "AUC", "sensitivity", "specificity" or "F1", of the test images
  double value;
  double low, high;  // 95% interval; 0: not quoted
};

// Whether these are the paper's ten classes, in any order; else its figures are about something else.
bool are_published_classes(const std::vector<std::string>& classes);

// nullptr: not quoted.
const PublishedFigure* published_figure(int table, const std::string& line, const std::string& measure);

// Training images with this label in Table 1. nullopt: none of its classes.
std::optional<int64_t> published_training_images(const std::string& name);

}  // namespace thorax
