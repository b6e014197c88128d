#include "apps/published.h"

#include <algorithm>
#include <array>
#include <utility>

#include "losses/class_name.h"

namespace thorax {

namespace {

// 3,550 training images; one has several labels.
constexpr std::array<std::pair<const char*, int64_t>, 10> training_images{{
    {"Reticulonodular opacity", 402},
    {"Peribronchovascular interstitial opacity", 1116},
    {"Other opacity", 453},
    {"Bronchial thickening", 477},
    {"Bronchitis", 730},
    {"Brocho-pneumonia", 438},
    {"Bronchiolitis", 417},
    {"Pneumonia", 354},
    {"Other disease", 396},
    {"No finding", 1387},
}};

constexpr std::array<PublishedFigure, 11> figures{{
    {2, "random", "AUC", 0.673, 0, 0},
    {2, "imagenet", "AUC", 0.657, 0.636, 0.678},
    {2, "adult", "AUC", 0.696, 0, 0},
    {3, "densenet121", "AUC", 0.696, 0, 0},
    {3, "ensemble", "AUC", 0.709, 0.690, 0.729},
    {5, "mean", "AUC", 0.709, 0.690, 0.729},
    {5, "mean", "sensitivity", 0.722, 0.694, 0.750},
    {5, "mean", "specificity", 0.579, 0.563, 0.595},
    {5, "mean", "F1", 0.389, 0.373, 0.405},
    {6, "bce", "AUC", 0.657, 0.636, 0.678},
    {6, "db-modified", "AUC", 0.683, 0, 0},
}};

}  // namespace

bool are_published_classes(const std::vector<std::string>& classes) {
  return classes.size() == training_images.size() &&
         std::all_of(training_images.begin(), training_images.end(), [&](const auto& published) {
           return std::any_of(classes.begin(), classes.end(),
                              [&](const std::string& name) { return folded(name) == folded(published.first); });
         });
}

const PublishedFigure* published_figure(int table, const std::string& line, const std::string& measure) {
  const auto at = std::find_if(figures.begin(), figures.end(), [&](const PublishedFigure& f) {
    return f.table == table && f.line == line && f.measure == measure;
  });
  return at == figures.end() ? nullptr : &*at;
}

std::optional<int64_t> published_training_images(const std::string& name) {
  for (const auto& [published, images] : training_images)
    if (folded(published) == folded(name)) return images;
  return std::nullopt;
}

}  // namespace thorax
