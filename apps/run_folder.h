// The folder of a run, held for one process:
//   config.toml          every value of the run; `thorax train --config` does it again
//   split.csv            where the table had no split of its own
//   state.safetensors    all that is needed to go on (and state.previous.safetensors, the generation before)
//   best.safetensors     the model of the epoch with the highest validation AUC
//   last.safetensors     the model of the last finished epoch
//   metrics.jsonl        one line per epoch
//   events/              the same for TensorBoard
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tensor/file.h"

namespace thorax {

class RunFolder {
 public:
  // A new run. Throws Error(input) when the folder holds something already, unless overwrite: then the files above are removed.
  static RunFolder create(const std::filesystem::path& path, bool overwrite);
  // Throws Error(input) when there is no run in the folder.
  static RunFolder open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config() const { return path_ / "config.toml"; }
  std::filesystem::path split() const { return path_ / "split.csv"; }
  std::filesystem::path best() const { return path_ / "best.safetensors"; }
  std::filesystem::path last() const { return path_ / "last.safetensors"; }
  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  std::filesystem::path events() const { return path_ / "events"; }

 private:
  explicit RunFolder(std::filesystem::path path);
  std::filesystem::path path_;
  std::unique_ptr<DirectoryLock> lock_;
};

}  // namespace thorax
