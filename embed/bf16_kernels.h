// The contract of the kernels in bf16: numbers of 16 bits, sums in fp32. Unlike those in fp32 each processor has its own order of
// summing, so the bits differ between processors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thorax::embed {

// A pixel of a block is 32 numbers in bf16: 64 bytes, as 16 in fp32 are, so maps are laid out as in fp32 and counted in floats.
constexpr int bf16_lanes = 32;
constexpr int bf16_pixels = 16;  // of a tile, at most

// Neighbouring outputs of a row.
struct Bf16Tile {
  const float* rows[3];  // per row of the filter: the first output's first input value
  float* y;
  int skip;  // so many outputs at the front are another tile's
};

// A 1x1 or 3x3 convolution at some tiles: the sum, plus bias, plus what is in y (`add`), then `relu`, then rounded.
struct Bf16Conv {
  const Bf16Tile* tiles;
  int count, pixels;  // outputs of every tile
  int kernel;
  ptrdiff_t x_block;        // floats from a block of input channels to the next
  int x_pixel;              // floats from one output's input to the next one's: 16 or 32
  int blocks;               // of input channels
  const uint16_t* weights;  // [pairs][blocks][kernel*kernel][2][16][16][2]: output half, input pair, output, input of the pair
  const float* bias;        // [pairs][32]
  int pairs;                // blocks of output channels
  ptrdiff_t y_block;
  bool add, relu;
};

struct Bf16Kernels {
  const char* name;
  void (*conv)(const Bf16Conv& conv);
  // y = clamped to [low, high], minus the bound that is not infinite (docs/embedding.md), `pixels` of one block. low, high: [32].
  void (*clamp)(const float* x, const float* low, const float* high, float* y, int pixels);
  // The same of the mean of 2x2 clamped pixels: of two rows x and below.
  void (*clamp_pool)(const float* x, const float* below, const float* low, const float* high, float* y, int pixels);
  // Between one block of bf16 and two of fp32.
  void (*narrow)(const float* first, const float* second, float* y, int pixels);
  void (*widen)(const float* x, float* first, float* second, int pixels);
  // Weights of 16 outputs for two input channels, rounded: [16][2].
  void (*pack)(const float* even, const float* odd, uint16_t* to);
};

#if defined(__x86_64__)
extern const Bf16Kernels avx512_bf16_kernels, amx_bf16_kernels;
#endif

}  // namespace thorax::embed
