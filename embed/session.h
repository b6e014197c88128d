// A session: one block of memory, cut up once.
#pragma once

#include <sys/types.h>

#include "embed/model.h"
#include "embed/network.h"
#include "embed/preprocess.h"
#include "embed/workers.h"

struct thorax_session {
  const thorax_model* model;
  thorax_host host;
  bool owns_memory;
  size_t bytes;
  pid_t process;
  std::atomic<bool> busy;
  bool has_run;
  uint64_t last_ns, runs;
  thorax::embed::Workers workers;
  thorax::embed::Machine machine;
  thorax::embed::Memory memory;
  thorax::embed::PreprocessMemory preprocess;
  thorax::embed::OwnWeights own[thorax::embed::max_members];
  uint8_t* pixels;    // [size,size]
  float* class_maps;  // the mean over the members: [padded classes/16][map][map][16]
  thorax::embed::Result result;
};

namespace thorax::embed {

// One member on the known-answer image of that seed, in standard arithmetic; s->result has the logits. false: cancelled.
bool run_vector(thorax_session* s, uint64_t seed, uint32_t member, const OwnWeights& own);

}  // namespace thorax::embed
