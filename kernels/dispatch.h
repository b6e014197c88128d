// How a dispatcher (kernels/X.cpp) calls its twins. A kernel's twins have the dispatcher's signature:
//   namespace thorax::cpu::avx2, thorax::cpu::avx512   kernels/cpu/X.cpp, compiled once per instruction set
//   namespace thorax::cuda                             kernels/cuda/X.cu, when built with THORAX_CUDA
#pragma once

// In kernels/X.cpp, before use: THORAX_TWINS(void relu_forward(const Stream&, const Tensor& x, const Tensor& y))
#define THORAX_TWINS(...) \
  namespace cpu::avx2 {   \
  __VA_ARGS__;            \
  }                       \
  namespace cpu::avx512 { \
  __VA_ARGS__;            \
  }

// THORAX_RUN(relu_forward, stream, x, y): the twin for this processor.
#define THORAX_RUN(kernel, ...) (isa() == Isa::avx512 ? cpu::avx512::kernel(__VA_ARGS__) : cpu::avx2::kernel(__VA_ARGS__))
