// Checkpoints: a set of tensors and its metadata in one safetensors file, replaced in one step.
//
// The state of a training run is kept in two generations. A new one is written beside them and read back before the older of the
// two is given up; the rename of the new one to state.safetensors is the instant at which the run has gone on. A process killed
// at any instant, or a power loss, leaves at least one generation that is whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/run_folder.h"
#include "tensor/serialize.h"

namespace thorax {

struct Checkpoint {
  std::vector<NamedTensor> tensors;  // views, of plain layout
  Metadata metadata;
};

// Adds metadata "format" = "pt" (what Python's safetensors asks for) and "thorax.version". Throws NotWritten, DurabilityUnsure.
void save_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint);

// A file written by save_checkpoint or save_generation: refused (Fault::input) without a checksum that fits.
SafetensorsFile open_checkpoint(const std::filesystem::path& file);

// Makes checkpoint the newest generation of the run's state.
void save_generation(const RunPaths& run, const Checkpoint& checkpoint);

struct Generation {
  SafetensorsFile file;
  std::string note;  // empty, or why the newest one could not be used
};

// The newest generation that passes every check; nothing when the run has not saved any. Throws Fault::input when there are
// some and all are damaged.
std::optional<Generation> newest_generation(const RunPaths& run);

}  // namespace thorax
