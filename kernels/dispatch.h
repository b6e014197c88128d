// How a dispatcher (kernels/X.cpp) calls its twins. A kernel's twins have the dispatcher's signature:
//   namespace thorax::cpu::avx2, thorax::cpu::avx512   kernels/cpu/X.cpp, compiled once per instruction set
//   namespace thorax::cuda                             kernels/cuda/X.cu, when built with THORAX_CUDA
#pragma once

#include "tensor/stream.h"

#ifdef THORAX_CUDA
#define THORAX_CUDA_TWIN(...) \
  namespace cuda {            \
  __VA_ARGS__;                \
  }
// For a kernel whose CPU side is plain code in the dispatcher: the GPU's twin is run, and the function returns.
#define THORAX_RETURN_CUDA(kernel, stream, ...) \
  if ((stream).device == ::thorax::Device::cuda) return cuda::kernel(stream, __VA_ARGS__)
#else
#define THORAX_CUDA_TWIN(...)
#define THORAX_RETURN_CUDA(kernel, stream, ...) static_cast<void>(stream)
#endif

#define THORAX_CPU_TWINS(...) \
  namespace cpu::avx2 {       \
  __VA_ARGS__;                \
  }                           \
  namespace cpu::avx512 {     \
  __VA_ARGS__;                \
  }

// In kernels/X.cpp, before use: THORAX_TWINS(void relu_forward(const Stream&, const Tensor& x, const Tensor& y))
#define THORAX_TWINS(...)       \
  THORAX_CPU_TWINS(__VA_ARGS__) \
  THORAX_CUDA_TWIN(__VA_ARGS__)

// The twin for this processor.
#define THORAX_RUN_CPU(kernel, ...) (isa() == Isa::avx512 ? cpu::avx512::kernel(__VA_ARGS__) : cpu::avx2::kernel(__VA_ARGS__))

// THORAX_RUN(relu_forward, stream, x, y): the twin for the stream's device. The last statement of a dispatcher.
#define THORAX_RUN(kernel, stream, ...)            \
  THORAX_RETURN_CUDA(kernel, stream, __VA_ARGS__); \
  THORAX_RUN_CPU(kernel, stream, __VA_ARGS__)
