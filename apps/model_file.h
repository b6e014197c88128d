// A trained model as a file: weights under torchvision's names, and as metadata everything that is needed to use them as they
// were trained: architecture, classes, what was done to the images, cut-offs. best.safetensors and last.safetensors are such
// files.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/network.h"
#include "data/preprocess.h"

namespace thorax {

struct ModelDescription {
  std::string model;
  std::vector<std::string> classes;
  data::Recipe recipe;
  DType dtype = DType::f32;                   // of the activations while training
  std::vector<std::optional<float>> cutoffs;  // [C]; see metrics::ClassEvaluation::cutoff
  int64_t epoch = 0;
  int64_t validation_images = 0;  // that the cut-offs were chosen on
  std::string config;             // the resolved TOML text
};

// All of it as the metadata of a file.
std::map<std::string, std::string> to_metadata(const ModelDescription& description);

// Writes weights and running statistics of the store, atomically.
void write_model(const std::filesystem::path& file, const ModelDescription& description, const Store& store);

// A model ready to predict.
class LoadedModel {
 public:
  // Throws Error(input) when the file is not a model of thorax, or a tensor is missing or has another shape. batch: images at
  // once. keep_features: as NetworkSpec has it.
  LoadedModel(const std::filesystem::path& file, int64_t batch, const Stream& stream, bool keep_features = false);

  const ModelDescription& description() const { return description_; }
  Network& network() { return *network_; }
  const Store& store() const { return *store_; }
  Store& store() { return *store_; }

 private:
  ModelDescription description_;
  Arena arena_;
  std::optional<Store> store_;
  std::optional<Network> network_;
};

// Copies every tensor of the store from the tensors given by name. Throws Error(input) that names the file and all that is
// missing or does not fit.
class SafetensorsFile;
void load_store(const SafetensorsFile& file, Store& store);

NetworkSpec network_spec(const ModelDescription& description, const Stream& stream);

// The model of a run folder (its best checkpoint), or the file itself.
std::filesystem::path model_of_run(const std::filesystem::path& run_or_file);

}  // namespace thorax
