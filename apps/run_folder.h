// The folder of a run: what lies where in it, and who may write to it.
#pragma once

#include <filesystem>
#include <utility>

#include "tensor/file.h"

namespace thorax {

class RunPaths {
 public:
  explicit RunPaths(std::filesystem::path folder) : folder_(std::move(folder)) {}
  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path config() const { return folder_ / "config.toml"; }       // all values, resolved
  std::filesystem::path split() const { return folder_ / "split.csv"; }          // when thorax made the split
  std::filesystem::path metrics() const { return folder_ / "metrics.jsonl"; }    // journal.h
  std::filesystem::path events() const { return folder_ / "events"; }            // tensorboard.h
  std::filesystem::path plans() const { return folder_ / "plans.tsv"; }          // on a GPU: plan_cache.h
  std::filesystem::path best() const { return folder_ / "best.safetensors"; }    // the weights of the best epoch
  std::filesystem::path last() const { return folder_ / "last.safetensors"; }    // the weights of the last epoch
  std::filesystem::path state() const { return folder_ / "state.safetensors"; }  // all that resuming needs: checkpoint.h
  std::filesystem::path previous_state() const { return folder_ / "state.previous.safetensors"; }  // the generation before it

 private:
  std::filesystem::path folder_;
};

enum class RunStart {
  create,     // refused where a run lies
  resume,     // refused where no run lies
  overwrite,  // removes the run that lies there, and nothing else
};

// The run folder of the one process that trains in it: made if need be, locked as long as this object lives, and free of what
// killed processes left behind. Throws Fault::input when it is in use or refused.
class RunFolder : public RunPaths {
 public:
  RunFolder(const std::filesystem::path& folder, RunStart start);

 private:
  DirectoryLock lock_;
};

// For those who only read: refuses a folder without a run. Takes no lock, since every file in it is replaced whole.
RunPaths open_run(const std::filesystem::path& folder);

}  // namespace thorax
