// How a GPU's libraries may choose their plans, by flags; and what timing has found about them, kept between runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "kernels/plan_choices.h"
#include "tensor/stream.h"

namespace thorax {

// --tf32 and --fast.
std::vector<Flag> plan_flags();
// For the stream's queue; from now on plans without a choice are timed. On a CPU nothing changes, and a note says so.
void read_plan_flags(const Flags& flags, const Stream& stream);

// The choices of a queue, as a file has them.
class PlanCache {
 public:
  // Adds what the files say, of which the first to know counts; files that are not there, or cannot be read, say nothing.
  PlanCache(PlanChoices& choices, const std::vector<std::filesystem::path>& files);
  // Writes the choices to a file if there are more than when they were last read or written, after adding what others have
  // written there. A file that cannot be written is told of on stderr: it costs time, not results.
  void save(const std::filesystem::path& file);
  std::string text() const { return choices_.text(); }

 private:
  PlanChoices& choices_;
  size_t saved_ = 0;
};

// Those of the stream's queue, after what the run's folder (empty: none) and then the cache's say of its GPU. Nothing on a CPU.
std::optional<PlanCache> open_plans(const Stream& stream, const std::filesystem::path& cache, const std::filesystem::path& run);

// Where plans for this GPU and these versions of its libraries are kept; empty without a folder.
std::filesystem::path plan_file(const std::filesystem::path& cache, const std::string& gpu, const std::string& versions);
// Of the stream's GPU; empty on a CPU.
std::filesystem::path plan_file(const std::filesystem::path& cache, const Stream& stream);

}  // namespace thorax
