// The coded pixels of a JPEG-LS image (ITU-T T.87 annex A), line by line.
#pragma once

#include <array>
#include <vector>

#include "data/jpeg_ls.h"
#include "data/jpeg_ls_bits.h"
#include "data/jpeg_ls_contexts.h"
#include "data/refuse.h"

namespace thorax::data {

// whole: lossless, and samples fill their bits, which is what nearly all files are.
template <bool whole>
class JpegLsScan {
 public:
  explicit JpegLsScan(const JpegLsFrame& f)
      : width_(f.width),
        largest_(f.largest),
        near_(whole ? 0 : f.near),
        step_(2 * near_ + 1),
        range_((f.largest + 2 * near_) / step_ + 1),
        reset_(f.reset),
        error_bits_(std::bit_width(static_cast<uint32_t>(range_ - 1))),
        bits_(f.scan) {
    const int sample_bits = std::max<int>(2, std::bit_width(static_cast<uint32_t>(f.largest)));
    limit_ = 2 * (sample_bits + std::max(8, sample_bits));
    const auto first = static_cast<uint32_t>(std::max(2, (range_ + 32) / 64));
    contexts_.fill({first, 0, 0, 1, static_cast<uint16_t>(golomb_parameter(first, 1)), 0});
    runs_.fill({first, 1, 0});
    levels_.resize(2 * static_cast<size_t>(largest_) + 1);
    for (int d = -largest_; d <= largest_; ++d) levels_[static_cast<size_t>(d + largest_)] = level(f, d);
  }

  // before, line: [-1...width], of which the pixels 0...width-1 are decoded into line. Throws where the scan is damaged or ends.
  void decode(const uint16_t* before, uint16_t* line) {
    JpegLsBits bits = bits_;
    const int8_t* const level = levels_.data() + largest_;
    int64_t x = 0;
    while (x < width_) {
      int32_t ra = line[x - 1];
      int32_t rb = before[x];
      int32_t rc = before[x - 1];
      int32_t above = level[rb - rc];
      int32_t q = 0;
      // Until a run begins, or the line ends.
      for (;;) {
        const int32_t rd = before[x + 1];
        const int32_t ahead = level[rd - rb];
        q = 81 * ahead + 9 * above + level[rc - ra];
        if (q == 0) break;
        ra = pixel(bits, q, ra, rb, rc);
        line[x] = static_cast<uint16_t>(ra);
        if (++x == width_) break;
        rc = rb;
        rb = rd;
        above = ahead;
      }
      if (q == 0) x = decode_run(bits, before, line, x);
    }
    if (bits.overrun()) refuse("JPEG-LS data ends before the image does");
    bits_ = bits;
  }

 private:
  // T.87 A.3.3
  static int8_t level(const JpegLsFrame& f, int d) {
    const int size = std::abs(d);
    const int q = size <= f.near ? 0 : size < f.t1 ? 1 : size < f.t2 ? 2 : size < f.t3 ? 3 : 4;
    return static_cast<int8_t>(d < 0 ? -q : q);
  }

  // A limited Golomb code (A.5.3): zeros, and behind a 1 the k low bits; after most_zeros of them the whole value less 1.
  // No more than range_ is what every value is, which bounds the contexts' sums.
  uint32_t code(JpegLsBits& bits, int k, int limit) const {
    bits.refill();
    int zeros = bits.leading_zeros();
    const int most_zeros = limit - error_bits_ - 1;
    int low_bits = k;
    uint32_t value = 0;
    if (zeros >= std::min(most_zeros, 24)) [[unlikely]] {
      zeros = many_zeros(bits, most_zeros);
      if (zeros == most_zeros) {
        low_bits = error_bits_;
        value = 1;
        zeros = 0;
      }
    } else {
      bits.drop(zeros + 1);
    }
    value += static_cast<uint32_t>(zeros) << k | bits.take(low_bits);
    if (value > static_cast<uint32_t>(range_)) [[unlikely]]
      refuse_damaged();
    return value;
  }
  static int many_zeros(JpegLsBits& bits, int most) {
    int zeros = 0;
    int more = 0;
    while ((more = bits.leading_zeros()) >= 24) {
      if ((zeros += 24) > most) refuse_damaged();
      bits.drop(24);
      bits.refill();
    }
    bits.drop(more + 1);
    bits.refill();
    if ((zeros += more) > most) refuse_damaged();
    return zeros;
  }
  [[noreturn, gnu::noinline]] static void refuse_damaged() { refuse("JPEG-LS data is damaged"); }

  int32_t within(int32_t value) const { return std::clamp(value, 0, largest_); }

  int32_t reconstructed(int32_t predicted, int32_t error) const {
    if constexpr (whole) return (predicted + error) & largest_;
    int32_t value = predicted + error * step_;
    if (value < -near_)
      value += range_ * step_;
    else if (value > largest_ + near_)
      value -= range_ * step_;
    return within(value);
  }

  int32_t pixel(JpegLsBits& bits, int32_t q, int32_t ra, int32_t rb, int32_t rc) {
    const int32_t sign = q >> 31;  // 0 or -1: x ^ sign - sign is x with that sign
    JpegLsContext& context = contexts_[static_cast<size_t>((q ^ sign) - sign)];
    // The median of ra, rb and the plane through the three.
    const int32_t median = std::clamp(ra + rb - rc, std::min(ra, rb), std::max(ra, rb));
    const int32_t predicted = within(median + ((context.c ^ sign) - sign));
    const uint32_t coded = code(bits, context.k, limit_);
    const int32_t error = static_cast<int32_t>(coded >> 1) ^ -static_cast<int32_t>(coded & 1) ^ context.flip;
    context.template update<whole>(error, step_, reset_);
    return reconstructed(predicted, (error ^ sign) - sign);
  }

  // From x on; where it ends.
  int64_t decode_run(JpegLsBits& bits, const uint16_t* before, uint16_t* line, int64_t x) {
    const uint16_t value = line[x - 1];
    for (;;) {
      bits.refill();
      const int64_t left = width_ - x;
      const int length_bits = run_bits[run_index_];
      const bool goes_on = bits.take(1) != 0;
      const int64_t length = goes_on ? int64_t{1} << length_bits : bits.take(length_bits);
      if (!goes_on && length >= left) refuse_damaged();
      std::fill_n(line + x, std::min(length, left), value);
      if (!goes_on) {
        x += length;
        break;
      }
      if (length <= left && run_index_ < 31) ++run_index_;
      if (length >= left) return width_;
      x += length;
    }
    line[x] = static_cast<uint16_t>(pixel_behind_run(bits, value, before[x]));
    if (run_index_ > 0) --run_index_;
    return x + 1;
  }

  // A.7.2
  int32_t pixel_behind_run(JpegLsBits& bits, int32_t ra, int32_t rb) {
    const bool alike = std::abs(ra - rb) <= near_;
    JpegLsRunContext& context = runs_[alike ? 1 : 0];
    const int k = golomb_parameter(context.a + (alike ? context.n >> 1 : 0), context.n);
    const uint32_t coded = code(bits, k, limit_ - run_bits[run_index_] - 1);
    const uint32_t mapped = coded + (alike ? 1 : 0);
    const bool odd = mapped % 2 != 0;
    const auto size = static_cast<int32_t>((mapped + 1) / 2);
    const int32_t error = (k != 0 || 2 * context.negative >= context.n) == odd ? -size : size;
    context.update((coded + 1 - (alike ? 1 : 0)) >> 1, error < 0, static_cast<uint32_t>(reset_));
    return alike ? reconstructed(ra, error) : reconstructed(rb, ra > rb ? -error : error);
  }

  // Logarithms of a run's next piece (A.7.1.1).
  static constexpr std::array<uint8_t, 32> run_bits{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,  2,  3,  3,  3,  3,
                                                    4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

  int64_t width_;
  int32_t largest_, near_, step_, range_, reset_;
  int error_bits_;
  int limit_ = 0;
  size_t run_index_ = 0;
  JpegLsBits bits_;
  std::array<JpegLsContext, 365> contexts_;
  std::array<JpegLsRunContext, 2> runs_;
  std::vector<int8_t> levels_;  // of the gradients -largest...largest
};

}  // namespace thorax::data
