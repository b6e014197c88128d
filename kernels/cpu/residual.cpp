#include "kernels/residual.h"

#include <algorithm>

#include "kernels/cpu/batch_norm_math.h"
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/plane.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

constexpr int64_t run_pixels = 256;

// One branch's image and channel block: n(x), and the gradient of x from dz. normed: false where x is taken as it is.
template <bool normed, class T>
struct Side {
  const T* x;
  Coefficients k;

  Side(const ResidualBranch& branch, int64_t image, int64_t channel)
      : x(branch.x.at<T>(image) + channel * branch.x.pixels()), k(*branch.norm, channel) {}
  Vec z(int64_t i) const { return k.z(load(x + i)); }
  Vec dx(const Corrections& corrections, int64_t i, Vec dz) const { return k.dx<false>(corrections, load(x + i), dz); }
  Corrections corrections(const ResidualGradient& g, int64_t channel, int64_t count) const {
    return k.corrections(g.sum_dz, g.sum_dz_xhat, channel, count);
  }
};

template <class T>
struct Side<false, T> {
  const T* x;

  Side(const ResidualBranch& branch, int64_t image, int64_t channel) : x(branch.x.at<T>(image) + channel * branch.x.pixels()) {}
  Vec z(int64_t i) const { return load(x + i); }
  Vec dx(const Corrections& /*none*/, int64_t /*i*/, Vec dz) const { return dz; }
  Corrections corrections(const ResidualGradient& /*none*/, int64_t /*channel*/, int64_t /*count*/) const { return {}; }
};

template <class T>
Vec masked(const T* dy, const T* y, int64_t i) {
  return where(load(y + i) > Vec{}, load(dy + i));
}

// The sums of one image and channel block; those of the shortcut where it has a batch norm.
template <bool projected, class T>
void sums_block(const Side<true, T>& branch, const Side<projected, T>& shortcut, const T* dy, const T* y, int64_t pixels,
                int64_t channels, float* sums, float* shortcut_sums) {
  GradientSums of_branch;
  GradientSums of_shortcut;
  for (int64_t begin = 0; begin < pixels; begin += run_pixels) {
    Lanes run_dz;
    Lanes run_branch;
    Lanes run_shortcut;
    for_lanes(begin, std::min(pixels, begin + run_pixels), [&](int64_t p, int lane) {
      const int64_t i = p * block;
      const Vec dz = masked(dy, y, i);
      run_dz.part[lane] += dz;
      run_branch.part[lane] = fma(dz, load(branch.x + i) - branch.k.mean, run_branch.part[lane]);
      if constexpr (projected) {
        run_shortcut.part[lane] = fma(dz, load(shortcut.x + i) - shortcut.k.mean, run_shortcut.part[lane]);
      }
    });
    of_branch.add(run_dz.total(), run_branch.total());
    of_shortcut.add(run_dz.total(), run_shortcut.total());
  }
  of_branch.store_to(sums, channels, branch.k);
  if constexpr (projected) of_shortcut.store_to(shortcut_sums, channels, shortcut.k);
}

// f(image, channel, branch, shortcut, plane of a slice) for every image and channel block.
template <class F>
void for_sides(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const F& f) {
  with_type(branch.x.buffer.dtype, [&]<class T>(T) {
    with_flag(shortcut.norm != nullptr, [&](auto projected) {
      for_blocks(stream, branch.x, [&](int64_t n, int64_t c) {
        const auto plane_of = [&](const Slice& s) { return s.buffer ? s.at<T>(n) + c * s.pixels() : nullptr; };
        f(n, c, Side<true, T>(branch, n, c), Side<projected(), T>(shortcut, n, c), plane_of);
      });
    });
  });
}

}  // namespace

void residual_forward(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& y) {
  const int64_t count = y.pixels() * block;
  for_sides(stream, branch, shortcut,
            [&](int64_t /*n*/, int64_t /*c*/, const auto& left, const auto& right, const auto& plane_of) {
              auto* to = plane_of(y);
              for (int64_t i = 0; i < count; i += block) store(to + i, max(Vec{}, left.z(i) + right.z(i)));
            });
}

void residual_backward_sums(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                            const Slice& y, float* sums, float* shortcut_sums) {
  const int64_t channels = y.channels;
  for_sides(stream, branch, shortcut, [&](int64_t n, int64_t c, const auto& left, const auto& right, const auto& plane_of) {
    const int64_t at = n * 2 * channels + c;
    sums_block(left, right, plane_of(dy), plane_of(y), y.pixels(), channels, sums + at,
               shortcut_sums != nullptr ? shortcut_sums + at : nullptr);
  });
}

void residual_backward_apply(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                             const Slice& y, int64_t count, const ResidualGradient& branch_gradient,
                             const ResidualGradient& shortcut_gradient) {
  const int64_t end = y.pixels() * block;
  for_sides(stream, branch, shortcut, [&](int64_t /*n*/, int64_t c, const auto& left, const auto& right, const auto& plane_of) {
    const auto* from = plane_of(dy);
    const auto* out = plane_of(y);
    auto* dx = plane_of(branch_gradient.dx);
    auto* ds = plane_of(shortcut_gradient.dx);
    const Corrections of_branch = left.corrections(branch_gradient, c, count);
    const Corrections of_shortcut = right.corrections(shortcut_gradient, c, count);
    for (int64_t i = 0; i < end; i += block) {
      const Vec dz = masked(from, out, i);
      if (dx != nullptr) put(dx + i, left.dx(of_branch, i, dz), branch_gradient.accumulate);
      if (ds != nullptr) put(ds + i, right.dx(of_shortcut, i, dz), shortcut_gradient.accumulate);
    }
  });
}

}  // namespace thorax::cpu::THORAX_ISA
