#include "apps/plan_cache.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>

#include "apps/run_folder.h"
#include "kernels/libraries.h"
#include "kernels/planning.h"
#include "tensor/file.h"
#include "tensor/queue.h"

namespace thorax {

namespace {

constexpr size_t most_bytes = size_t{4} << 20;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(most_bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  return text;
}

}  // namespace

std::vector<Flag> plan_flags() {
  return {{"tf32", "", "on a GPU: fp32 products may round their operands to TF32", ""},
          {"fast", "", "on a GPU: TF32, and sums whose last bits differ from run to run", ""}};
}

void read_plan_flags(const Flags& flags, const Stream& stream) {
  if (stream.queue == nullptr) {
    for (const char* name : {"tf32", "fast"})
      if (flags.on(name)) std::fprintf(stderr, "note    --%s is for GPUs: nothing changes\n", name);
    return;
  }
  auto& planning = stream.queue->library<Planning>();
  planning.any_order = flags.on("fast");
  planning.tensor_float = flags.on("tf32") || planning.any_order;
  planning.timed = true;
}

PlanCache::PlanCache(PlanChoices& choices, const std::vector<std::filesystem::path>& files) : choices_(choices) {
  for (const auto& file : files) choices_.read(text_of(file));
  saved_ = choices_.size();
}

void PlanCache::save(const std::filesystem::path& file) {
  if (file.empty() || choices_.size() == saved_) return;
  try {
    choices_.read(text_of(file));
    std::filesystem::create_directories(file.parent_path());
    write_file_atomically(file, choices_.text());
    saved_ = choices_.size();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "note    the GPU's plans are not kept: %s\n", e.what());
  }
}

std::optional<PlanCache> open_plans(const Stream& stream, const std::filesystem::path& cache, const std::filesystem::path& run) {
  if (stream.queue == nullptr) return std::nullopt;
  std::vector<std::filesystem::path> files{plan_file(cache, stream)};
  if (!run.empty()) files.insert(files.begin(), RunPaths(run).plans());
  return PlanCache(stream.queue->library<Planning>().choices, files);
}

std::filesystem::path plan_file(const std::filesystem::path& cache, const std::string& gpu, const std::string& versions) {
  if (cache.empty()) return {};
  std::string name = gpu + ' ' + versions;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.') c = '-';
  return cache / "plans" / (name + ".tsv");
}

std::filesystem::path plan_file(const std::filesystem::path& cache, const Stream& stream) {
  if (stream.queue == nullptr) return {};
  const Gpu& gpu = stream.queue->gpu();
  std::string versions = str(gpu.major, '.', gpu.minor);
  for (const Library& l : kernel_libraries())
    if (l.name == "cuDNN") versions += str(" cuDNN ", l.version);
  return plan_file(cache, gpu.name, versions);
}

}  // namespace thorax
