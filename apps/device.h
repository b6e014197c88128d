// Where a verb computes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "parallel/world.h"
#include "tensor/dtype.h"
#include "tensor/stream.h"

namespace thorax {

// The flag --device of the verbs that run a model.
Flag device_flag();

// Of several processes on a machine each takes the next GPU; where there are fewer, they share them.
int own_gpu(const std::optional<parallel::World>& world);

// From --device and --threads. auto: where the program was built for GPUs and none can be used, one line on stderr says why, and
// the CPU is taken. cuda: Error(machine) then.
Stream stream_of(const Flags& flags);

// wanted, or f32 where the stream's device has no bf16 arithmetic.
DType usable_dtype(DType wanted, const Stream& stream);

// --dtype fp32|bf16|both: those of them that the stream's device has.
std::vector<DType> dtypes_of(const Flags& flags, const Stream& stream);

// "NVIDIA H200, 132 multiprocessors", "cpu, 2 threads, AVX-512"
std::string device_text(const Stream& stream);

}  // namespace thorax
