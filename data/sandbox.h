// Decoders run in processes of their own, which may read one socket and one piece of shared memory, compute, and nothing else. A
// file that makes a decoder crash, hang or ask for more costs one clear line and that process; the next file gets a fresh one.
//
// A decoder process is this program again, started from /proc/self/exe: not a fork, since OpenMP and the vendors' libraries do
// not survive one. sandbox_worker.cpp recognises it before main(), so that no program can forget to.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/codecs.h"

namespace thorax::data {

// use gets job.bytes() bytes of samples, in memory that the process has, too: read there, they are only numbers, and may be
// others when they are read again. From any number of threads: each has a process while it decodes and uses. Throws Error(input)
// with what went wrong, without the file's name; Error(machine) when no process can be started.
void decode_apart(const CodecJob& job, std::span<const uint8_t> in, const UseSamples& use);
// A copy of them, which stays.
std::vector<uint8_t> decode_apart(const CodecJob& job, std::span<const uint8_t> in);

// Empty where decoders have no rights at all; else what they are not kept from, and why. Starts a process if none runs.
std::string isolation_gap();

}  // namespace thorax::data
