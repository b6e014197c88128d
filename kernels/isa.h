// Which instruction set the CPU kernels use. kernels/cpu is compiled once per instruction set, each into its own namespace, and
// THORAX_CPU picks at run time: one binary for every x86-64 processor with AVX2.
#pragma once

#include <string>

#include "kernels/dispatch.h"

namespace thorax {

enum class Isa { avx2, avx512 };

// The set in use: the best of this processor, held down by ONEDNN_MAX_CPU_ISA exactly as oneDNN is (so that both always agree on
// the layout). Throws Error(machine) when the processor lacks AVX2.
Isa isa();

// Channels per block of the blocked layout: 16 with AVX-512, 8 with AVX2.
int channel_block();

// Whether bf16 convolutions run on this processor at full speed (AVX512_BF16); without it thorax uses fp32.
bool has_bf16();

// "2.6.3"; empty where thorax was built without it.
std::string onednn_version();

}  // namespace thorax
