// The system calls that a decoder process may make (seccomp, filter mode): reading and writing its socket, memory, time, ending.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

namespace thorax::data {

struct AllowedCall {
  int number;
  const char* name;
};

// At most 20.
std::span<const AllowedCall> allowed_calls();

// For this machine's processor, the process `pid`, and reads and writes on the descriptor `socket` alone. Calls by which a
// library asks what it can do without (files, the terminal, the machine) fail; newer ones than are known here do not exist; every
// other one ends the process.
std::vector<sock_filter> decoder_filter(uint32_t pid, uint32_t socket);

// For this process, from now on, for good. False: the kernel has no such filters.
bool install(std::span<const sock_filter> filter);

}  // namespace thorax::data
