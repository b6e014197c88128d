// The ranks of this machine: copies of this program, started, and seen to their end.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace thorax::parallel {

struct Ending {
  int rank = -1;   // the first that ended otherwise than with 0; -1: all ended well
  int code = 0;    // its exit code
  int signal = 0;  // or the signal that ended it
};

// Starts `ranks` copies of this program with these arguments (behind the program's name) and returns when all have ended. They
// know each other by their environment (world.h): rank 0 has a listener, all have THORAX_SECRET, or one that is drawn here.
// stop(): asked again and again; the number of a signal that all of them then get once, else 0. Ranks that do not end within
// some seconds of the first that failed are killed; when this process ends, they get SIGTERM. Throws Error(machine) where no
// process can be started.
Ending run_ranks(int ranks, const std::vector<std::string>& arguments, const std::function<int()>& stop);

}  // namespace thorax::parallel
