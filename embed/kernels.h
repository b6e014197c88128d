// The kernels' contract. There is one body (kernel_body.h), which every instruction set compiles for itself: the arithmetic per
// output is the same, so the bits are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thorax::embed {

// A row of a convolution's output, two blocks of channels. Every output is its bias, then a fused multiply-add for each input
// channel, filter row, filter column, in this order; then `add`: what is in y; then `relu`.
struct ConvRow {
  const float* x;          // the first output's first input value
  ptrdiff_t x_block;       // floats from a block of input channels to the next
  int x_pixel;             // floats from one output's input to the next one's: 2 (the stem), 16 or 32
  int blocks;              // of input channels
  const int32_t* offsets;  // [steps]: input values of a block, in the order of the weights; 16 steps (1x1) are its channels
  int steps;
  const float* weights;  // [2][blocks][steps][16]
  const float* bias;     // [2][16]
  float* y;
  ptrdiff_t y_block;
  int width;
  bool add, relu;
  // What will be read next, fetched meanwhile: per tile and block of input channels so many cache lines. 0: nothing.
  int ahead;
  const float* ahead_x;  // for the first output
  ptrdiff_t ahead_block;
  int ahead_pixel;  // floats per output
};

// Where a row of 4x4 tiles of one block of channels goes; those over the edges are cut.
struct WinogradOut {
  const float* bias;  // [16]
  float* y;
  ptrdiff_t row;
  int width, rows;
  bool add, relu;
};

struct Kernels {
  const char* name;
  void (*conv_row)(const ConvRow& row);
  // y = min(max(x, low), high), `pixels` of one block of channels. low, high: [16].
  void (*clamp)(const float* x, const float* low, const float* high, float* y, int pixels);
  // The same, and the mean of 2x2 pixels: of two rows x and below.
  void (*clamp_pool)(const float* x, const float* below, const float* low, const float* high, float* y, int pixels);
  // Maximum over 3x3 pixels, every second one, of values that are not negative: y[p] of x[2p-1...2p+1] where these are in
  // [0, width). rows: three; the first and the last may be NULL.
  void (*max_pool)(const float* const rows[3], int width, float* y, int pixels);
  // sum[16] += the pixels of a row, clamped where low is not NULL, in their order.
  void (*sum)(const float* x, const float* low, const float* high, int pixels, float* sum);
  // B^T d B and A^T m A of Winograd's F(4x4, 3x3), for a row of tiles of one block of channels. v, m: point 0...35 of tile t at
  // point * stride + 16 t. rows: six of input, of which `columns` are there; behind them are zeros.
  void (*winograd_in)(const float* const rows[6], int columns, int tiles, float* v, ptrdiff_t stride);
  void (*winograd_out)(const float* m, ptrdiff_t stride, const WinogradOut& to);
};

extern const Kernels portable_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels, avx512_kernels;
#elif defined(__aarch64__)
extern const Kernels neon_kernels;
#endif

}  // namespace thorax::embed
