// Marks the arithmetic per element that CPU and CUDA twins share (kernels/window.h, kernels/*_math.h).
#pragma once

// On a CPU always inlined: the twins are compiled once per instruction set, and of a function that each of them had emitted the
// linker would keep one, perhaps with instructions that the processor lacks.
#ifdef __CUDACC__
#define THORAX_HD __host__ __device__
#else
#define THORAX_HD [[gnu::always_inline]]
#endif
