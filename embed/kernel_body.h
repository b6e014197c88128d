// The kernels, over a vector V of 16 floats with fma, max, min, add, scaled. Included once per instruction set, inside its
// namespace and target region, behind the definition of V; so it has no guard and includes nothing.
// V::pixels, V::blocks: the largest tile of outputs that the registers hold.

// max and min give their second argument where the two are equal, or one is no number: the same on every processor.

// One input value of each pixel, times the weights of its output channels.
template <int pixels, int x_pixel>
inline void step(const float* x, const float* w, ptrdiff_t taps, V (&total)[V::blocks][pixels]) {
  V weight[V::blocks];
#pragma GCC unroll 16
  for (int b = 0; b < V::blocks; ++b) weight[b] = load(w + b * taps);
#pragma GCC unroll 16
  for (int p = 0; p < pixels; ++p) {
    const V value = all(x[p * x_pixel]);
#pragma GCC unroll 16
    for (int b = 0; b < V::blocks; ++b) total[b][p] = fma(value, weight[b], total[b][p]);
  }
}

// A block of input channels: w has a step's weights every 16 floats. Unrolled, as counting takes turns from multiplying.
template <int pixels, int x_pixel, int kernel>
inline void steps(const ConvRow& r, const float* x, const float* w, ptrdiff_t taps, V (&total)[V::blocks][pixels]) {
  if constexpr (kernel == 1) {
#pragma GCC unroll 4
    for (int c = 0; c < 16; ++c) step<pixels, x_pixel>(x + c, w + c * 16, taps, total);
  } else if constexpr (kernel == 3) {
    for (int s = 0; s < r.steps; s += 3) {
      const float* row = x + r.offsets[s];
#pragma GCC unroll 3
      for (int i = 0; i < 3; ++i) step<pixels, x_pixel>(row + i * 16, w + (s + i) * 16, taps, total);
    }
  } else {
    for (int s = 0; s < r.steps; ++s) step<pixels, x_pixel>(x + r.offsets[s], w + s * 16, taps, total);
  }
}

template <int pixels, int x_pixel, int kernel>
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
  for (int b = 0; b < blocks; ++b)
    for (int p = 0; p < pixels; ++p) __builtin_prefetch(r.y + (block + b) * r.y_block + static_cast<ptrdiff_t>(from + p) * 16, 1);
  for (int channels = 0; channels < r.blocks; ++channels) {
    for (int i = 0; i < r.ahead; ++i) __builtin_prefetch(ahead + i * 16);
    steps<pixels, x_pixel, kernel>(r, x, w, taps, total);
    x += r.x_block;
    w += static_cast<ptrdiff_t>(r.steps) * 16;
    ahead += r.ahead_block;
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
template <int pixels, int x_pixel, int kernel>
void tile_of(int count, const ConvRow& r, int from, int block) {
  if constexpr (pixels > 1) {
    if (count < pixels) {
      tile_of<pixels - 1, x_pixel, kernel>(count, r, from, block);
      return;
    }
  }
  tile<pixels, x_pixel, kernel>(r, from, block);
}

// The row in tiles that differ by one pixel at most.
template <int x_pixel, int kernel>
void conv_row_of(const ConvRow& r) {
  const int tiles = (r.width + V::pixels - 1) / V::pixels;
  for (int block = 0; block < 2; block += V::blocks) {
    for (int t = 0; t < tiles; ++t) {
      const int from = r.width * t / tiles;
      tile_of<V::pixels, x_pixel, kernel>(r.width * (t + 1) / tiles - from, r, from, block);
    }
  }
}

void conv_row(const ConvRow& r) {
  if (r.x_pixel == 16)
    r.steps == 16 ? conv_row_of<16, 1>(r) : conv_row_of<16, 3>(r);
  else if (r.x_pixel == 32)
    r.steps == 16 ? conv_row_of<32, 1>(r) : conv_row_of<32, 3>(r);
  else
    conv_row_of<2, 7>(r);
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

inline V less(V a, V b) {
  return fma(b, all(-1.0F), a);
}

inline void input_transform(const V (&d)[6], V (&t)[6]) {
  const V even = fma(d[2], all(-4.0F), d[4]), odd = fma(d[1], all(-4.0F), d[3]);
  const V near = less(d[4], d[2]), far = less(d[3], d[1]);
  t[0] = fma(d[0], all(4.0F), fma(d[2], all(-5.0F), d[4]));
  t[1] = add(even, odd);
  t[2] = less(even, odd);
  t[3] = fma(far, all(2.0F), near);
  t[4] = fma(far, all(-2.0F), near);
  t[5] = fma(d[1], all(4.0F), fma(d[3], all(-5.0F), d[5]));
}

inline void output_transform(const V (&m)[6], V (&y)[4]) {
  const V one = add(m[1], m[2]), two = add(m[3], m[4]);
  const V minus_one = less(m[1], m[2]), minus_two = less(m[3], m[4]);
  y[0] = add(add(m[0], one), two);
  y[1] = fma(minus_two, all(2.0F), minus_one);
  y[2] = fma(two, all(4.0F), one);
  y[3] = add(fma(minus_two, all(8.0F), minus_one), m[5]);
}

void winograd_in(const float* const rows[6], int columns, int tiles, float* v, ptrdiff_t stride) {
  V t[6][6];  // of columns; a tile's last two are the next one's first
  for (int tile = 0; tile < tiles; ++tile, v += 16) {
    for (int j = tile == 0 ? 0 : 2; j < 6; ++j) {
      const int x = 4 * tile + j;
      V d[6];
      for (int i = 0; i < 6; ++i) d[i] = x < columns ? load(rows[i] + 16 * x) : all(0.0F);
      input_transform(d, t[j]);
    }
    for (int i = 0; i < 6; ++i) {
      const V d[6] = {t[0][i], t[1][i], t[2][i], t[3][i], t[4][i], t[5][i]};
      V u[6];
      input_transform(d, u);
      for (int j = 0; j < 6; ++j) store(v + (6 * i + j) * stride, u[j]);
      t[0][i] = t[4][i];
      t[1][i] = t[5][i];
    }
  }
}

void winograd_out(const float* m, ptrdiff_t stride, const WinogradOut& to) {
  const V bias = load(to.bias);
  for (int from = 0; from < to.width; from += 4, m += 16) {
    V t[6][4];
    for (int i = 0; i < 6; ++i) {
      V d[6];
      for (int j = 0; j < 6; ++j) d[j] = load(m + (6 * i + j) * stride);
      output_transform(d, t[i]);
    }
    for (int j = 0; j < 4 && from + j < to.width; ++j) {
      const V d[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]};
      V column[4];
      output_transform(d, column);
      float* y = to.y + 16 * (from + j);
      for (int i = 0; i < to.rows; ++i, y += to.row) {
        V value = add(column[i], bias);
        if (to.add) value = add(value, load(y));
        if (to.relu) value = max(value, all(0.0F));
        store(y, value);
      }
    }
  }
}
