// Everything that defines a training run. Made from flags and a TOML file (apps/train_flags.cpp); the resolved text is kept in
// the run folder, and `thorax train --config run/config.toml` does it again.
#pragma once

#include <filesystem>
#include <string>

#include "apps/network.h"
#include "data/augment.h"
#include "data/manifest.h"
#include "data/preprocess.h"
#include "losses/registry.h"

namespace thorax {

struct TrainConfig {
  data::ManifestOptions manifest;
  data::Recipe recipe;
  data::Augment augment;
  std::string model = "densenet121";
  DType dtype = DType::f32;
  LossOptions loss;
  int64_t batch = 32;
  int64_t epochs = 80;
  std::string schedule = "triangular";
  double base_lr = 0.001;  // "initially 0.001" in the paper
  double max_lr = 0.006;   // the policy's own paper (Smith 2017)
  double momentum = 0.9;
  double weight_decay = 0.0;
  int64_t cycle_steps = 0;  // of one triangle; 0: half of all steps, so that 80 epochs are two full cycles
  uint64_t seed = 1;
  Stream stream;
  int workers = 2;
  bool skip_bad = false;
  int64_t replicates = 10000;
};

}  // namespace thorax
