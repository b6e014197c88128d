// Which of how many processes this one is, and where they meet: from the environment that a launcher leaves.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace thorax::parallel {

struct World {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;  // among those on this machine
  std::string host;                    // where rank 0 listens
  int port = 0;
  int listener = -1;   // an open one that a launcher on this machine has left to rank 0; -1: none
  std::string secret;  // what all ranks know; empty: none is asked for
};

// name -> value; null where there is none.
using Environment = std::function<const char*(const char*)>;

// nullopt: started by itself. Knows RANK and WORLD_SIZE with LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT
// (torchrun, launcher.h), the variables of a step of Slurm, and Open MPI's; THORAX_SECRET, THORAX_LISTENER. Throws Error(input)
// for values that make no sense.
std::optional<World> world_of(const Environment& get);
std::optional<World> world_of_environment();

}  // namespace thorax::parallel
