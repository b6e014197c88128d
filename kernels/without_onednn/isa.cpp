#include "kernels/isa.h"

#include "tensor/error.h"

namespace thorax {

Isa isa() {
  static const Isa set = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      return Isa::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
    throw Error(Fault::machine, "this processor has no AVX2, which thorax needs");
  }();
  return set;
}

int channel_block() {
  return isa() == Isa::avx512 ? 16 : 8;
}

bool has_bf16() {
  return false;
}

std::string onednn_version() {
  return {};
}

}  // namespace thorax
