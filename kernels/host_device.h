// Marks the arithmetic per element that CPU and CUDA twins share (kernels/*_math.h).
#pragma once

#ifdef __CUDACC__
#define THORAX_HD __host__ __device__
#else
#define THORAX_HD
#endif
