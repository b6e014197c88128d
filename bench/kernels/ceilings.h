// What this machine can do at most, as measured: the rates that kernels are held against.
#pragma once

#include <functional>
#include <string>

#include "tensor/dtype.h"
#include "tensor/stream.h"

namespace thorax::bench {

struct Ceilings {
  double copy = 0;  // bytes a second, read and written: a copy of 256 MiB, past all caches
  double gemm_f32 = 0, gemm_bf16 = 0,
         gemm_f16 = 0;  // operations a second: the library's 1x1 convolution of 512 to 512 channels; 0: there is none
  double gemm(DType dtype) const {
    if (dtype == DType::bf16) return gemm_bf16;
    return dtype == DType::f16 && gemm_f16 > 0 ? gemm_f16 : gemm_f32;  // processors compute f16 in f32
  }
  std::string text() const;  // "copy 20.1 GB/s, ..."
  std::string json() const;
};

Ceilings measure_ceilings(const Stream& stream);

// How long work takes, in seconds; waits for it. On a GPU by events.
double seconds_of(const Stream& stream, const std::function<void()>& work);

// Of the device: the last level of its caches.
size_t cache_bytes(const Stream& stream);

}  // namespace thorax::bench
