#include "apps/run_folder.h"

#include "apps/training_state.h"
#include "tensor/error.h"

namespace thorax {

RunFolder::RunFolder(std::filesystem::path path) : path_(std::move(path)), lock_(std::make_unique<DirectoryLock>(path_)) {
  remove_stale_temporaries(path_);
}

RunFolder RunFolder::create(const std::filesystem::path& path, bool overwrite) {
  std::error_code error;
  const bool used = std::filesystem::exists(path, error) && (!std::filesystem::is_directory(path, error) || !std::filesystem::is_empty(path, error));
  if (used && !overwrite) {
    throw Error(Fault::input, str(path.string(), ": exists already"), str("--resume ", path.string(), " goes on with it; --overwrite begins anew in it"));
  }
  make_directories(path);
  RunFolder folder(path);
  if (!used) return folder;
  for (const auto& file : {state_file(path), previous_state_file(path), folder.best(), folder.last(), folder.metrics(), folder.config(), folder.split()}) {
    remove_file(file);
  }
  if (std::filesystem::is_directory(folder.events(), error)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder.events())) remove_file(entry.path());
  }
  return folder;
}

RunFolder RunFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path / "config.toml", error)) {
    throw Error(Fault::input, str(path.string(), ": there is no run in it (no config.toml)"), "--out begins a new one");
  }
  return RunFolder(path);
}

}  // namespace thorax
