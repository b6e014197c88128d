// Counts the heap allocations of our own code, on every thread. allocations.cpp replaces operator new for the whole test program.
#pragma once

#include <cstdint>

namespace thorax::test {

// From its making to its end; one at a time.
class CountedAllocations {
 public:
  CountedAllocations();
  ~CountedAllocations();
  CountedAllocations(const CountedAllocations&) = delete;
  CountedAllocations& operator=(const CountedAllocations&) = delete;
  int64_t count() const;
};

}  // namespace thorax::test
