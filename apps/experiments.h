// The paper's experiments: which models are trained, from which weights, with which loss, and which of them a table shows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace thorax {

// One training.
struct Experiment {
  std::string model;
  std::string weights;  // that it begins with: "random", "imagenet" or "adult"
  std::string loss;
  uint64_t seed = 1;

  std::string name() const;  // of its folder: densenet121-random-db-modified-1
  bool operator==(const Experiment&) const = default;
};

// By (weights, model): the file that holds them.
using WeightFiles = std::map<std::pair<std::string, std::string>, std::filesystem::path>;

struct ExperimentOptions {
  std::vector<std::string> models;  // of Table 3; the first is that of Tables 2 and 6
  std::vector<std::string> losses;  // of Table 6
  std::string loss;                 // of Tables 2, 3 and 5
  std::string weights;              // of Tables 3, 5 and 6; a model without a file of them begins with random ones
  WeightFiles files;
  std::vector<uint64_t> seeds;
  std::vector<int> tables;
};

// A line of a table: what one model says, or the mean of what several say.
struct TableLine {
  std::string name;
  std::vector<Experiment> members;
};

// The lines of Table 2 (a line per kind of weights that is there), 3 (per model, and their ensemble), 5 (the ensemble alone, to
// be shown by class) or 6 (per loss).
std::vector<TableLine> lines_of_table(int table, const ExperimentOptions& options, uint64_t seed);

// What the tables need, seed by seed, each training once.
std::vector<Experiment> experiments(const ExperimentOptions& options);

}  // namespace thorax
