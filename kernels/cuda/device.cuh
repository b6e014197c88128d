// What the CUDA twins share. An activation is nhwc; a thread works on eight channels of one pixel: 16 bytes of bf16 or f16,
// twice 16 of f32.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "tensor/cuda_check.h"
#include "tensor/queue.h"
#include "tensor/slice.h"

namespace thorax::cuda {

constexpr int width = 8;  // channels of a thread

struct Vec {
  float v[width];
};

__device__ inline Vec load(const float* p) {
  const float4 a = *reinterpret_cast<const float4*>(p);
  const float4 b = *reinterpret_cast<const float4*>(p + 4);
  return {{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w}};
}
__device__ inline void store(float* p, const Vec& x) {
  *reinterpret_cast<float4*>(p) = make_float4(x.v[0], x.v[1], x.v[2], x.v[3]);
  *reinterpret_cast<float4*>(p + 4) = make_float4(x.v[4], x.v[5], x.v[6], x.v[7]);
}
__device__ inline Vec load(const bf16* p) {
  const uint4 words = *reinterpret_cast<const uint4*>(p);
  const unsigned part[4] = {words.x, words.y, words.z, words.w};
  Vec x;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    x.v[2 * i] = __uint_as_float(part[i] << 16);
    x.v[2 * i + 1] = __uint_as_float(part[i] & 0xffff0000U);
  }
  return x;
}
__device__ inline unsigned bf16_bits(float x) {
  return __bfloat16_as_ushort(__float2bfloat16_rn(x));
}
__device__ inline void store(bf16* p, const Vec& x) {
  unsigned part[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) part[i] = bf16_bits(x.v[2 * i]) | (bf16_bits(x.v[2 * i + 1]) << 16);
  *reinterpret_cast<uint4*>(p) = make_uint4(part[0], part[1], part[2], part[3]);
}
__device__ inline unsigned f16_bits(float x) {
  return __half_as_ushort(__float2half_rn(x));
}
__device__ inline float from_f16_bits(unsigned bits) {
  return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
}
__device__ inline Vec load(const f16* p) {
  const uint4 words = *reinterpret_cast<const uint4*>(p);
  const unsigned part[4] = {words.x, words.y, words.z, words.w};
  Vec x;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    x.v[2 * i] = from_f16_bits(part[i] & 0xffffU);
    x.v[2 * i + 1] = from_f16_bits(part[i] >> 16);
  }
  return x;
}
__device__ inline void store(f16* p, const Vec& x) {
  unsigned part[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) part[i] = f16_bits(x.v[2 * i]) | (f16_bits(x.v[2 * i + 1]) << 16);
  *reinterpret_cast<uint4*>(p) = make_uint4(part[0], part[1], part[2], part[3]);
}

// One element.
__device__ inline float to_float_device(float x) {
  return x;
}
__device__ inline float to_float_device(bf16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}
__device__ inline float to_float_device(f16 x) {
  return from_f16_bits(x.bits);
}
__device__ inline void put_one(float* p, float x) {
  *p = x;
}
__device__ inline void put_one(bf16* p, float x) {
  p->bits = static_cast<uint16_t>(bf16_bits(x));
}
__device__ inline void put_one(f16* p, float x) {
  p->bits = static_cast<uint16_t>(f16_bits(x));
}
// What memory holds after x was stored as a T.
template <class T>
__device__ inline float rounded(float x);
template <>
__device__ inline float rounded<float>(float x) {
  return x;
}
template <>
__device__ inline float rounded<bf16>(float x) {
  return __uint_as_float(bf16_bits(x) << 16);
}
template <>
__device__ inline float rounded<f16>(float x) {
  return from_f16_bits(f16_bits(x));
}

// p = x, or p += x.
template <class T>
__device__ inline void put(T* p, Vec x, bool accumulate) {
  if (accumulate) {
    const Vec old = load(p);
#pragma unroll
    for (int i = 0; i < width; ++i) x.v[i] += old.v[i];
  }
  store(p, x);
}

// A slice of images and channels: pixel p of the slice's images, counted over all of them, begins at data + p * stride.
template <class T>
struct View {
  T* data;
  int64_t stride;
  __device__ T* at(int64_t pixel, int channel) const { return data + pixel * stride + channel; }
};

template <class T>
View<T> view(const Slice& s) {
  if (!s.buffer) return {nullptr, 0};
  const int64_t stride = s.buffer.shape[1];
  return {s.buffer.template as<T>() + s.image * s.pixels() * stride + s.channel, stride};
}

// Threads of a block: `tile_threads` for the channels of a tile (32 channels, 64 bytes of bf16) times `tile_rows` pixels.
constexpr int tile_threads = 4;
constexpr int tile_channels = tile_threads * width;
constexpr int tile_rows = 64;
constexpr int block_threads = tile_threads * tile_rows;

inline int tiles(int64_t channels) {
  return static_cast<int>((channels + tile_channels - 1) / tile_channels);
}

// This thread's first channel of the block's tile; the tile is blockIdx.y.
__device__ inline int channel_of_thread() {
  return static_cast<int>(blockIdx.y) * tile_channels + static_cast<int>(threadIdx.x) * width;
}

// f(pixel, channel) for every pixel of the batch and every eight channels: kernels whose result does not depend on who does what.
template <class F>
__device__ inline void for_pixels(int64_t pixels, int channels, const F& f) {
  const int channel = channel_of_thread();
  if (channel >= channels) return;
  for (int64_t p = static_cast<int64_t>(blockIdx.x) * tile_rows + threadIdx.y; p < pixels;
       p += static_cast<int64_t>(gridDim.x) * tile_rows)
    f(p, channel);
}

inline cudaStream_t queue_of(const Stream& stream) {
  return stream.queue->handle();
}

// The grid of for_pixels(): as many blocks as the GPU holds a few times over.
inline dim3 grid_for(const Stream& stream, int64_t pixels, int64_t channels) {
  const int64_t across = tiles(channels);
  const int64_t wanted = (int64_t{stream.queue->gpu().multiprocessors} * 32 + across - 1) / across;
  const int64_t rows = (pixels + tile_rows - 1) / tile_rows;
  const int64_t down = rows < wanted ? rows : wanted;
  return {static_cast<unsigned>(down > 0 ? down : 1), static_cast<unsigned>(across)};
}
inline dim3 block_of_tile() {
  return {tile_threads, tile_rows};
}

// Of kernels over flat arrays: i = index_of_thread(); i < count; i += threads_of_grid().
constexpr int flat_threads = 256;
__device__ inline int64_t index_of_thread() {
  return static_cast<int64_t>(blockIdx.x) * flat_threads + threadIdx.x;
}
__device__ inline int64_t threads_of_grid() {
  return static_cast<int64_t>(gridDim.x) * flat_threads;
}
inline unsigned flat_grid(const Stream& stream, int64_t count) {
  const int64_t most = int64_t{stream.queue->gpu().multiprocessors} * 16;
  const int64_t blocks = (count + flat_threads - 1) / flat_threads;
  const int64_t grid = blocks < most ? blocks : most;
  return static_cast<unsigned>(grid > 0 ? grid : 1);
}

// Behind every launch: a launch that was refused is named.
inline void launched(const char* kernel) {
  check_cuda(cudaGetLastError(), kernel);
}

// f(float{}), f(bf16{}) or f(f16{}), by the element type.
template <class F>
void with_type(DType dtype, const F& f) {
  if (dtype == DType::bf16) {
    f(bf16{});
  } else if (dtype == DType::f16) {
    f(f16{});
  } else {
    f(float{});
  }
}

}  // namespace thorax::cuda
