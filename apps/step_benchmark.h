// A whole step of a model, timed: what `thorax bench step` measures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/network.h"
#include "bench/kernels/ceilings.h"
#include "bench/kernels/measure.h"

namespace thorax {

struct StepCase {
  NetworkSpec spec;
  int64_t batch = 4;
  bool training = true;
  bool replayed = false;  // on a GPU: as one CUDA Graph
  int64_t steps = 10;     // that are timed
  bool by_op = false;
  bool print = false;
  Communicator* communicator = nullptr;  // training by several ranks, which share the batch; all of them measure
};

struct OpTime {
  std::string name;
  double seconds = 0, flops = 0;
};

// What the sum of the gradients over the ranks costs.
struct Communication {
  int ranks = 1;
  std::string by;      // "NCCL 2.28.9"
  int64_t bytes = 0;   // of the gradients
  int buckets = 0;     // in which they are summed
  double without = 0;  // seconds of a step that leaves it out
  double alone = 0;    // seconds of it, with nothing beside it
  // The part of it that a step of `seconds` does not become longer by, from 0 to 1.
  double hidden(double seconds) const;
};

struct StepResult {
  StepCase what;
  bench::Times times;
  double flops = 0;
  double bytes = 0;  // that this plan has to write to memory and read again: all that no cache holds, and the parameters
  size_t arena_bytes = 0, live_bytes = 0, store_bytes = 0;
  size_t peak_rss = 0;  // of the process so far
  float loss = 0;
  uint64_t checksum = 0;  // of all parameters afterwards: the same for the same case on the same device
  std::string obstacle;   // why nothing could be replayed
  std::optional<Communication> communication;
  std::vector<OpTime> ops;     // in the program's order
  std::string program;         // with StepCase::print
  std::string name() const;    // "densenet121 train 512x512 batch 32 bf16"
  std::string engine() const;  // "thorax", or without the CUDA Graph "thorax, one by one"
  // The time that arithmetic or memory alone would take at the measured rates.
  double roofline(const bench::Ceilings& c) const;
};

StepResult measure_step(const StepCase& what);

std::string step_table_head();
// With a line below it for the communication, or for why nothing was replayed.
std::string step_table_line(const StepResult& r, const bench::Ceilings& c);
// Ops that differ in numbers only (the layers of a block) as one line, the slowest first.
std::string op_table(const std::vector<OpTime>& ops);
std::string json_of(const StepResult& r, const bench::Ceilings& c);

}  // namespace thorax
