#include "apps/checkpoint.h"

namespace thorax {
namespace {

void save(const std::filesystem::path& file, const Checkpoint& checkpoint, const std::filesystem::path& previous) {
  Metadata metadata = checkpoint.metadata;
  metadata["format"] = "pt";
  metadata["thorax.version"] = THORAX_VERSION;
  write_safetensors(file, checkpoint.tensors, metadata, previous);
}

}  // namespace

void save_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint) {
  save(file, checkpoint, {});
}

SafetensorsFile open_checkpoint(const std::filesystem::path& file) {
  SafetensorsFile opened(file);
  if (!opened.verify()) {
    throw Error(Fault::input, str(file.string(), ": has no checksum of thorax"),
                "it was not written by thorax, or it is damaged");
  }
  return opened;
}

void save_generation(const RunPaths& run, const Checkpoint& checkpoint) {
  save(run.state(), checkpoint, run.previous_state());
}

std::optional<Generation> newest_generation(const RunPaths& run) {
  std::string refused;
  for (const auto& file : {run.state(), run.previous_state()}) {
    if (!path_exists(file)) continue;
    try {
      return Generation{open_checkpoint(file), refused.empty() ? "" : refused + "; the state before it is used"};
    } catch (const Error& error) {
      if (error.fault() != Fault::input) throw;
      refused += (refused.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  if (refused.empty()) return std::nullopt;
  throw Error(Fault::input, refused,
              "nothing of this run can be resumed; best.safetensors and last.safetensors may still be good");
}

}  // namespace thorax
