#include "apps/run_folder.h"

#include <array>
#include <string>
#include <vector>

#include "tensor/error.h"

namespace thorax {
namespace {

namespace fs = std::filesystem;

// The states first: a process that is killed while it removes a run must not leave one that can be resumed in part.
std::array<fs::path, 8> files_of(const RunPaths& run) {
  return {run.state(), run.previous_state(), run.best(), run.last(), run.metrics(), run.split(), run.plans(), run.config()};
}

bool holds_run(const RunPaths& run) {
  for (const fs::path& file : files_of(run)) {
    if (path_exists(file)) return true;
  }
  return false;
}

void remove_run(const RunPaths& run) {
  for (const fs::path& file : files_of(run)) remove_file(file);
  std::vector<fs::path> events;
  std::error_code error;
  for (fs::directory_iterator it(run.events(), error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with("events.out.tfevents.")) events.push_back(it->path());
  }
  for (const fs::path& file : events) remove_file(file);
}

fs::path prepare(const fs::path& folder, RunStart start) {
  if (folder.empty()) throw Error(Fault::input, "the run folder has no name");
  if (path_exists(folder) && !fs::is_directory(folder)) throw Error(Fault::input, str(folder.string(), ": not a folder"));
  if (start == RunStart::resume) return open_run(folder).path();
  make_directories(folder);
  return folder;
}

}  // namespace

RunFolder::RunFolder(const fs::path& folder, RunStart start) : RunPaths(prepare(folder, start)), lock_(path()) {
  remove_stale_temporaries(path());
  if (start == RunStart::resume) return;
  if (start == RunStart::overwrite) {
    remove_run(*this);
  } else if (holds_run(*this)) {
    throw Error(Fault::input, str(folder.string(), ": holds a run already"),
                str("--resume ", folder.string(), " continues it, --overwrite replaces it"));
  }
}

RunPaths open_run(const fs::path& folder) {
  RunPaths run(folder);
  if (!path_exists(folder)) throw Error(Fault::input, str(folder.string(), ": no such run folder"));
  if (!holds_run(run)) throw Error(Fault::input, str(folder.string(), ": holds no run (no config.toml, no checkpoint)"));
  return run;
}

}  // namespace thorax
