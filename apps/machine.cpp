#include "apps/machine.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "apps/device.h"
#include "data/gdcm.h"
#include "data/sandbox.h"
#include "kernels/isa.h"
#include "parallel/nccl.h"
#include "tensor/error.h"

namespace thorax {

namespace {

// What stands behind "KEY:" (or "KEY : ") in a file of such lines; empty: no such line.
std::string line_of(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const size_t at = line.find_first_not_of(" \t:", key.size());
    return at == std::string::npos ? std::string() : line.substr(at);
  }
  return {};
}

int64_t bytes_of(const char* file, const std::string& key) {
  return std::atoll(line_of(file, key).c_str()) * 1024;
}

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> found;
  const auto add = [&](const char* name, int has) {
    if (has != 0) found.emplace_back(name);
  };
  add("AVX2", __builtin_cpu_supports("avx2"));
  add("FMA", __builtin_cpu_supports("fma"));
  add("AVX-512", static_cast<int>(__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                                  __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0));
  add("AVX512_VNNI", __builtin_cpu_supports("avx512vnni"));
  add("AVX512_BF16", __builtin_cpu_supports("avx512bf16"));
  return found;
}

// oneDNN has to be there, and the processor has to have AVX2.
void examine_processor(Machine& m) {
  m.processor = line_of("/proc/cpuinfo", "model name");
  m.cores = usable_cores();
  m.sets = instruction_sets();
  try {
    m.set_in_use = isa() == Isa::avx512 ? "AVX-512" : "AVX2";
    m.cpu_has_bf16 = has_bf16();
    if (onednn_version().empty()) m.cpu_obstacle = "this thorax was built without oneDNN: only a GPU can run a model";
  } catch (const Error& e) {
    m.cpu_obstacle = e.what();
  }
}

// Of the folder, or of the nearest one above it that exists.
Machine::Disk disk_of(const char* what, std::filesystem::path folder) {
  std::error_code failed;
  const std::filesystem::path named = folder;
  while (!folder.empty() && folder != folder.parent_path() && !std::filesystem::exists(folder, failed))
    folder = folder.parent_path();
  const std::filesystem::space_info space = std::filesystem::space(folder, failed);
  return {what, named, failed ? -1 : static_cast<int64_t>(space.available)};
}

}  // namespace

Machine examine_machine(const std::filesystem::path& cache) {
  Machine m;
  examine_processor(m);
  m.memory = bytes_of("/proc/meminfo", "MemTotal");
  m.memory_free = bytes_of("/proc/meminfo", "MemAvailable");
  m.built_for_gpus = built_with_cuda();
  m.cuda = cuda_report();
  std::ifstream("/sys/module/nvidia/version") >> m.driver;
  m.libraries = kernel_libraries();
  if (m.built_for_gpus) m.libraries.push_back({"NCCL", parallel::nccl_version()});
  m.libraries.push_back({"GDCM", data::gdcm_codec::version()});
  std::error_code failed;
  m.disks.push_back(disk_of("this folder", std::filesystem::current_path(failed)));
  if (!cache.empty()) m.disks.push_back(disk_of("the cache", cache));
  m.isolation_gap = data::isolation_gap();
  return m;
}

MachineChoice choose(const Machine& machine, const std::string& device, DType dtype) {
  MachineChoice choice;
  const bool gpu = machine.cuda.obstacle.empty();
  if (device != "cpu" && gpu) {
    choice.device = "cuda";
    if (!machine.cpu_obstacle.empty()) choice.why_not = machine.cpu_obstacle;
  } else if (device == "cuda" || !machine.cpu_obstacle.empty()) {
    choice.why_not = device == "cpu"                                    ? machine.cpu_obstacle
                     : machine.cpu_obstacle.empty() || device == "cuda" ? machine.cuda.obstacle
                                                                        : str(machine.cuda.obstacle, "; ", machine.cpu_obstacle);
    choice.hint = device == "cpu" ? "" : machine.cuda.hint;
    return choice;
  } else {
    choice.device = "cpu";
    choice.why_not = gpu ? "" : machine.cuda.obstacle;
    choice.hint = gpu ? "" : machine.cuda.hint;
  }
  const bool has_bf16 = choice.device == "cuda" ? machine.cuda.gpus.front().has_bf16() : machine.cpu_has_bf16;
  choice.dtype = dtype == DType::bf16 && !has_bf16 ? "fp32" : dtype_word(dtype);
  if (!has_bf16)
    choice.dtype_why = choice.device == "cuda" ? "the GPU has no bf16 arithmetic (compute capability 8.0)"
                                               : "the processor has no bf16 arithmetic (AVX512_BF16)";
  return choice;
}

}  // namespace thorax
