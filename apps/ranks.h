// A verb that several processes do together, each of which runs it: started here, or by torchrun, srun or mpirun.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "parallel/world.h"
#include "tensor/communicator.h"

namespace thorax {

// work(stream, communicator) as this process's part in the world; null where it is alone. stream(): where it computes. Returns
// what work returns, or passes on what it throws, when the other ranks know. Rank 0 speaks for all: what another prints to stderr
// is dropped, and its error becomes a line of rank 0 (of one rank on every other machine, too). Where another rank fails, this
// process ends at once.
int as_rank(const std::optional<parallel::World>& world, const std::function<Stream()>& stream,
            const std::function<int(const Stream&, Communicator*)>& work);

// Flags of the verbs that several processes can do; of: what stands before their help.
Flag procs_flag(const std::string& of);
Flag gpus_flag(const std::string& of);
// Of the command line alone, before any file: throws Error(input) where both are given, or other ranks than those that are there.
void check_ranks(const Flags& flags, const std::optional<parallel::World>& world);
// 1 where this process works alone, or is a rank already. --gpus means --device cuda, too; throws Error(machine) where there are
// fewer.
int ranks_to_start(Flags& flags, const std::optional<parallel::World>& world);

// Starts so many ranks on this machine, watches them, and starts them again, at most `restarts` times, when one has died or the
// machine failed. arguments(): behind the program's name, asked at each start. Returns the exit code.
int launch(int ranks, int restarts, const std::function<std::vector<std::string>()>& arguments);

}  // namespace thorax
