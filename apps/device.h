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

// --dtype fp32|bf16|fp16, of the activations; what it says; and its word for a type.
Flag dtype_flag();
DType wanted_dtype(const Flags& flags);
const char* dtype_word(DType dtype);

// wanted, or f32 where that is bf16 and the stream's device has no arithmetic of it.
DType usable_dtype(DType wanted, const Stream& stream);

// --dtype fp32|bf16|fp16|both, both being the first two: those of them that the stream's device has.
std::vector<DType> dtypes_of(const Flags& flags, const Stream& stream);

// "NVIDIA H200, 132 multiprocessors", "cpu, 2 threads, AVX-512"
std::string device_text(const Stream& stream);

}  // namespace thorax
