// Whether a communicator does what tensor/communicator.h says, and how fast: thorax doctor --nccl.
#pragma once

#include <string>
#include <vector>

#include "apps/flags.h"
#include "tensor/communicator.h"

namespace thorax {

struct CommunicatorCheck {
  int ranks = 1;
  std::string by, device;
  int64_t numbers = 0;  // that were summed
  double error = 0;     // the largest from their sums in double, in what rounding may do; above 1 is wrong
  bool same_bits = false;
  bool gathers = false;   // broadcast and all_gather are right
  bool recorded = false;  // the same bits out of a replayed graph; on a CPU there is none
  struct Rate {
    int64_t bytes = 0;
    double seconds = 0;  // of an all_reduce
  };
  std::vector<Rate> rates;
  // What is wrong; empty: nothing.
  std::string wrong() const;
  // Bytes a second that each link carries, as nccl-tests count them: 2 (n-1)/n of the sum's.
  double bus(const Rate& r) const;
};

// Done by all ranks. counts: of numbers whose sum is timed.
CommunicatorCheck check_communicator(Communicator& c, const Stream& stream, const std::vector<int64_t>& counts);

std::string text_of(const CommunicatorCheck& check);
std::string json_of(const CommunicatorCheck& check);

// Starts a rank on each GPU, or is one; the exit code.
int doctor_nccl(const Flags& flags);

}  // namespace thorax
