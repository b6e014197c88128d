#include "apps/experiments.h"

#include <algorithm>

#include "tensor/error.h"

namespace thorax {

namespace {

std::vector<TableLine> lines_of_weights(const ExperimentOptions& o, uint64_t seed) {
  std::vector<TableLine> lines;
  for (const char* weights : {"random", "imagenet", "adult"}) {
    const std::string& model = o.models.front();
    if (std::string(weights) == "random" || o.files.count({weights, model}) != 0)
      lines.push_back({weights, {{model, weights, o.loss, seed}}});
  }
  return lines;
}

Experiment experiment(const ExperimentOptions& o, const std::string& model, const std::string& loss, uint64_t seed) {
  return {model, o.files.count({o.weights, model}) != 0 ? o.weights : "random", loss, seed};
}

std::vector<TableLine> lines_of_models(const ExperimentOptions& o, uint64_t seed) {
  std::vector<TableLine> lines;
  TableLine ensemble{"ensemble", {}};
  for (const std::string& model : o.models) {
    lines.push_back({model, {experiment(o, model, o.loss, seed)}});
    ensemble.members.push_back(lines.back().members.front());
  }
  if (o.models.size() > 1) lines.push_back(ensemble);
  return lines;
}

std::vector<TableLine> lines_of_losses(const ExperimentOptions& o, uint64_t seed) {
  std::vector<TableLine> lines;
  for (const std::string& loss : o.losses) lines.push_back({loss, {experiment(o, o.models.front(), loss, seed)}});
  return lines;
}

}  // namespace

std::string Experiment::name() const {
  return str(model, '-', weights, '-', loss, '-', seed);
}

std::vector<TableLine> lines_of_table(int table, const ExperimentOptions& options, uint64_t seed) {
  switch (table) {
    case 2: return lines_of_weights(options, seed);
    case 3: return lines_of_models(options, seed);
    case 5: return {lines_of_models(options, seed).back()};
    case 6: return lines_of_losses(options, seed);
    default: return {};  // Table 1 needs no training
  }
}

std::vector<Experiment> experiments(const ExperimentOptions& options) {
  std::vector<Experiment> all;
  for (const uint64_t seed : options.seeds)
    for (const int table : options.tables)
      for (const TableLine& line : lines_of_table(table, options, seed))
        for (const Experiment& e : line.members)
          if (std::find(all.begin(), all.end(), e) == all.end()) all.push_back(e);
  return all;
}

}  // namespace thorax
