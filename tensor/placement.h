// Where in one arena each slot lies: slots that are alive at the same time never overlap.
#pragma once

#include <cstddef>
#include <vector>

namespace thorax {

// A slot is alive from step first to step last, both included.
struct Lifetime {
  size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct Placement {
  std::vector<size_t> offsets;  // one per slot, multiples of 64
  size_t bytes = 0;             // what the arena must hold
};

// The largest sum of bytes alive at one step: no placement can do with less.
size_t live_peak(const std::vector<Lifetime>& slots);

// Offline dynamic storage allocation is NP-hard; greedy placement in several orders, improved by placing first what ended on top,
// stays within a few per cent of live_peak() (tests). Deterministic.
Placement place(const std::vector<Lifetime>& slots);

}  // namespace thorax
