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
#include "optim/schedule.h"

namespace thorax {

struct TrainConfig {
  data::ManifestOptions manifest;
  data::Recipe recipe;
  data::Augment augment;
  std::string model = "densenet121";
  std::filesystem::path init;  // a file whose weights the backbone begins with; empty: drawn
  DType dtype = DType::f32;
  LossOptions loss;
  int64_t batch = 32;
  int64_t epochs = 80;
  Schedule schedule;  // "initially 0.001" in the paper; highest 0.006 from the policy's own paper (Smith 2017)
  UpdateOptions update;
  bool class_aware = false;  // data/sampling.h
  uint64_t seed = 1;
  Stream stream;
  Communicator* communicator = nullptr;  // of the processes that train together; null: this one is alone
  bool sync_batch_norm = false;          // statistics over the images of all processes, not of each
  int workers = 2;
  std::filesystem::path cache;  // the folder; empty: none is used
  bool skip_bad = false;
  int64_t replicates = 10000;
};

}  // namespace thorax
