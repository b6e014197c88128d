// The kernels, over a vector V of 16 floats with fma, max, min, add, scaled. Included once per instruction set, inside its
// namespace and target region, behind the definition of V; so it has no guard and includes nothing.
// V::pixels, V::blocks: the largest tile of outputs that the registers hold.

// max and min give their second argument where the two are equal, or one is no number: the same on every processor.

template <int pixels, int x_pixel>
void tile(const ConvRow& r, int from, int block) {
  constexpr int blocks = V::blocks;
  const ptrdiff_t taps = static_cast<ptrdiff_t>(r.blocks) * r.steps * 16;
  const float* x = r.x + static_cast<ptrdiff_t>(from) * x_pixel;
  const float* w = r.weights + block * taps;
  const float* ahead = r.ahead_x + static_cast<ptrdiff_t>(from) * r.ahead_pixel;
  V total[blocks][pixels];
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b) {
    const V bias = load(r.bias + 16 * (block + b));
#pragma GCC unroll 16
    for (int p = 0; p < pixels; ++p) total[b][p] = bias;
  }
  for (int channels = 0; channels < r.blocks; ++channels, x += r.x_block, ahead += r.ahead_block) {
    for (int i = 0; i < r.ahead; ++i) __builtin_prefetch(ahead + i * 16);
    for (int s = 0; s < r.steps; ++s, w += 16) {
      const float* at = x + r.offsets[s];
      V weight[blocks];
#pragma GCC unroll 16
      for (int b = 0; b < blocks; ++b) weight[b] = load(w + b * taps);
#pragma GCC unroll 16
      for (int p = 0; p < pixels; ++p) {
        const V value = all(at[p * x_pixel]);
#pragma GCC unroll 16
        for (int b = 0; b < blocks; ++b) total[b][p] = fma(value, weight[b], total[b][p]);
      }
    }
  }
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b) {
    float* y = r.y + (block + b) * r.y_block + static_cast<ptrdiff_t>(from) * 16;
#pragma GCC unroll 16
    for (int p = 0; p < pixels; ++p) {
      V value = total[b][p];
      if (r.add) value = add(value, load(y + p * 16));
      if (r.relu) value = max(value, all(0.0F));
      store(y + p * 16, value);
    }
  }
}

// Of 1 to `pixels` outputs.
template <int pixels, int x_pixel>
void tile_of(int count, const ConvRow& r, int from, int block) {
  if constexpr (pixels > 1) {
    if (count < pixels) {
      tile_of<pixels - 1, x_pixel>(count, r, from, block);
      return;
    }
  }
  tile<pixels, x_pixel>(r, from, block);
}

// The row in tiles that differ by one pixel at most.
template <int x_pixel>
void conv_row_of(const ConvRow& r) {
  const int tiles = (r.width + V::pixels - 1) / V::pixels;
  for (int block = 0; block < 2; block += V::blocks) {
    for (int t = 0; t < tiles; ++t) {
      const int from = r.width * t / tiles;
      tile_of<V::pixels, x_pixel>(r.width * (t + 1) / tiles - from, r, from, block);
    }
  }
}

void conv_row(const ConvRow& r) {
  if (r.x_pixel == 16)
    conv_row_of<16>(r);
  else if (r.x_pixel == 32)
    conv_row_of<32>(r);
  else
    conv_row_of<2>(r);
}

V clamped(V x, V low, V high) {
  return min(max(x, low), high);
}

void clamp(const float* x, const float* low, const float* high, float* y, int pixels) {
  const V l = load(low), h = load(high);
  for (int p = 0; p < pixels; ++p) store(y + 16 * p, clamped(load(x + 16 * p), l, h));
}

void clamp_pool(const float* x, const float* below, const float* low, const float* high, float* y, int pixels) {
  const V l = load(low), h = load(high);
  for (int p = 0; p < pixels; ++p) {
    const V upper = add(clamped(load(x + 32 * p), l, h), clamped(load(x + 32 * p + 16), l, h));
    const V lower = add(clamped(load(below + 32 * p), l, h), clamped(load(below + 32 * p + 16), l, h));
    store(y + 16 * p, scaled(add(upper, lower), all(0.25F)));
  }
}

void max_pool(const float* const rows[3], int width, float* y, int pixels) {
  for (int p = 0; p < pixels; ++p) {
    V most = all(0.0F);
    for (int k = 0; k < 3; ++k) {
      if (rows[k] == nullptr) continue;
      const int last = 2 * p + 1 < width ? 2 * p + 1 : width - 1;
      for (int x = p > 0 ? 2 * p - 1 : 0; x <= last; ++x) most = max(load(rows[k] + 16 * x), most);
    }
    store(y + 16 * p, most);
  }
}

void sum(const float* x, const float* low, const float* high, int pixels, float* result) {
  V total = load(result);
  if (low == nullptr) {
    for (int p = 0; p < pixels; ++p) total = add(total, load(x + 16 * p));
  } else {
    const V l = load(low), h = load(high);
    for (int p = 0; p < pixels; ++p) total = add(total, clamped(load(x + 16 * p), l, h));
  }
  store(result, total);
}
