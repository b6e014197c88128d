// What this machine has, as far as it decides how thorax runs, and what follows from that.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/libraries.h"
#include "tensor/dtype.h"
#include "tensor/queue.h"

namespace thorax {

struct Machine {
  std::string processor;          // its name
  int cores = 0;                  // that this process may use
  std::vector<std::string> sets;  // instruction sets of interest that it has
  std::string set_in_use;         // "AVX-512"; empty: cpu_obstacle
  std::string cpu_obstacle;       // why no model can run on the processor; empty: it can
  bool cpu_has_bf16 = false;
  int64_t memory = 0, memory_free = 0;  // bytes; free: what a program can still have
  bool built_for_gpus = false;
  CudaReport cuda;
  std::string driver;              // NVIDIA's version, "580.65.06"; empty: none is loaded
  std::vector<Library> libraries;  // an empty version: built without it, or not found
  struct Disk {
    std::string what;
    std::filesystem::path folder;
    int64_t free = 0;
  };
  std::vector<Disk> disks;
  std::string isolation_gap;  // data/sandbox.h
};

// cache: the folder of preprocessed images; empty: there is none.
Machine examine_machine(const std::filesystem::path& cache);

// What the verbs that run a model would take for --device and --dtype.
struct MachineChoice {
  std::string device;     // "cuda", "cpu"; empty: what was asked for cannot be had
  std::string why_not;    // why not another device
  std::string hint;       // what to do about it
  std::string dtype;      // "fp32", "bf16", "fp16"
  std::string dtype_why;  // why not another dtype
};
MachineChoice choose(const Machine& machine, const std::string& device, DType dtype);

}  // namespace thorax
