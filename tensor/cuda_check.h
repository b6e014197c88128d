// The results of CUDA's calls. Included by files of the CUDA build alone.
#pragma once

#include <cuda_runtime_api.h>

#include "tensor/error.h"

namespace thorax {

// Throws Error(fault) with CUDA's own words.
inline void check_cuda(cudaError_t result, const char* what, Fault fault = Fault::defect) {
  if (result == cudaSuccess) return;
  throw Error(fault, str(what, ": ", cudaGetErrorString(result), " (", cudaGetErrorName(result), ')'));
}

}  // namespace thorax
