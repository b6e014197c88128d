// A verb that several processes do together, each of which runs it: started here, or by torchrun, srun or mpirun.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "parallel/world.h"
#include "tensor/communicator.h"

namespace thorax {

// work(communicator) as this process's part in the world; null where it is alone. Returns what work returns, or passes on what it
// throws, when the other ranks know. Rank 0 speaks for all: what another prints to stderr is dropped, and its error becomes a
// line of rank 0 (of one rank on every other machine, too). Where another rank fails, this process ends at once.
int as_rank(const std::optional<parallel::World>& world, const std::function<int(Communicator*)>& work);

// Starts so many ranks on this machine, watches them, and starts them again, at most `restarts` times, when one has died or the
// machine failed. arguments(): behind the program's name, asked at each start. Returns the exit code.
int launch(int ranks, int restarts, const std::function<std::vector<std::string>()>& arguments);

}  // namespace thorax
