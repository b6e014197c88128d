#include "data/jpeg_ls.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <optional>
#include <vector>

#include "data/jpeg_ls_bits.h"
#include "data/jpeg_segments.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

using Bytes = std::span<const uint8_t>;

// Thresholds that the data does not give (T.87 C.2.4.1.1).
void add_defaults(JpegLsFrame& f) {
  if (f.largest == 0) f.largest = (1 << f.bits) - 1;
  const auto within = [&](int value, int least) { return value > f.largest || value < least ? least : value; };
  const bool wide = f.largest >= 128;
  const int factor = wide ? (std::min(f.largest, 4095) + 128) / 256 : 256 / (f.largest + 1);
  // Where samples are narrow, the allowed difference counts before the least value does.
  const auto threshold = [&](int basic, int least, int per_near) {
    return wide ? factor * (basic - least) + least + per_near * f.near : std::max(least, basic / factor + per_near * f.near);
  };
  const int t1 = within(threshold(3, 2, 3), f.near + 1);
  const int t2 = within(threshold(7, 3, 5), t1);
  const int t3 = within(threshold(21, 4, 7), t2);
  if (f.t1 == 0) f.t1 = t1;
  if (f.t2 == 0) f.t2 = t2;
  if (f.t3 == 0) f.t3 = t3;
  if (f.reset == 0) f.reset = 64;
}

void read_parameters(Bytes d, JpegLsFrame& f) {
  if (d.size() != 11 || d[0] != 1) refuse("JPEG-LS data has mapping tables or sizes beyond its header");
  const auto number = [&](size_t k) { return d[1 + 2 * k] << 8 | d[2 + 2 * k]; };
  f.largest = number(0);
  f.t1 = number(1);
  f.t2 = number(2);
  f.t3 = number(3);
  f.reset = number(4);
}

// One context (T.87 A.2): what its prediction errors were so far.
struct Context {
  uint32_t a = 0;  // sum of their sizes
  int32_t b = 0;   // their sum, since the last correction
  int32_t c = 0;   // correction of the prediction
  uint32_t n = 1;  // how many
};

struct RunContext {
  uint32_t a = 0, n = 1, negative = 0;
};

// The least k with n << k >= a: both have at most 32 bits, and a <= n * 2^16.
int golomb_parameter(uint32_t a, uint32_t n) {
  const int k = std::max(0, static_cast<int>(std::bit_width(a)) - static_cast<int>(std::bit_width(n)));
  return k + ((uint64_t{n} << k) < a ? 1 : 0);
}

constexpr std::array<uint8_t, 32> run_bits{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,  2,  3,  3,  3,  3,
                                           4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

[[noreturn]] void refuse_damaged() {
  refuse("JPEG-LS data is damaged");
}

// exact: no difference is allowed, which is what nearly all files are.
template <bool exact>
class Scan {
 public:
  explicit Scan(const JpegLsFrame& f)
      : width_(f.width),
        largest_(f.largest),
        near_(exact ? 0 : f.near),
        step_(2 * near_ + 1),
        range_((f.largest + 2 * near_) / step_ + 1),
        error_bits_(std::bit_width(static_cast<uint32_t>(range_ - 1))),
        reset_(static_cast<uint32_t>(f.reset)),
        bits_(f.scan) {
    const int sample_bits = std::max<int>(2, std::bit_width(static_cast<uint32_t>(f.largest)));
    limit_ = 2 * (sample_bits + std::max(8, sample_bits));
    const auto first = static_cast<uint32_t>(std::max(2, (range_ + 32) / 64));
    contexts_.fill({first, 0, 0, 1});
    runs_.fill({first, 1, 0});
    gradients_.resize(2 * static_cast<size_t>(largest_) + 1);
    for (int d = -largest_; d <= largest_; ++d) gradients_[static_cast<size_t>(d + largest_)] = level(f, d);
    level_ = gradients_.data() + largest_;
  }

  // before, line: [-1...width], of which the pixels 0...width-1 are decoded into line.
  void decode(const uint16_t* before, uint16_t* line) {
    int64_t x = 0;
    while (x < width_) {
      const int32_t ra = line[x - 1];
      const int32_t rb = before[x];
      const int32_t rc = before[x - 1];
      const int32_t q = 81 * level_[before[x + 1] - rb] + 9 * level_[rb - rc] + level_[rc - ra];
      if (q == 0) {
        x = decode_run(before, line, x);
      } else {
        line[x++] = static_cast<uint16_t>(pixel(q, ra, rb, rc));
      }
    }
    if (bits_.overrun()) refuse("JPEG-LS data ends before the image does");
  }

 private:
  // T.87 A.3.3
  static int8_t level(const JpegLsFrame& f, int d) {
    const int size = std::abs(d);
    const int q = size <= f.near ? 0 : size < f.t1 ? 1 : size < f.t2 ? 2 : size < f.t3 ? 3 : 4;
    return static_cast<int8_t>(d < 0 ? -q : q);
  }

  // A limited Golomb code (A.5.3).
  uint32_t code(int k, int limit) {
    bits_.refill();
    const int zeros = bits_.leading_zeros();
    if (zeros < std::min(limit - error_bits_ - 1, 31)) [[likely]] {
      bits_.drop(zeros + 1);
      return static_cast<uint32_t>(zeros) << k | bits_.take(k);
    }
    return long_code(k, limit - error_bits_ - 1);
  }
  [[gnu::noinline]] uint32_t long_code(int k, int most_zeros) {
    int zeros = 0;
    for (int more = 0; (more = std::min(bits_.leading_zeros(), 32)) == 32;) {
      if ((zeros += more) > most_zeros) refuse_damaged();
      bits_.drop(more);
      bits_.refill();
    }
    zeros += bits_.leading_zeros();
    bits_.drop(bits_.leading_zeros() + 1);
    bits_.refill();
    if (zeros > most_zeros) refuse_damaged();
    return zeros < most_zeros ? static_cast<uint32_t>(zeros) << k | bits_.take(k) : bits_.take(error_bits_) + 1;
  }

  int32_t within(int32_t value) const { return std::clamp(value, 0, largest_); }

  int32_t reconstructed(int32_t predicted, int32_t error) const {
    int32_t value = predicted + error * step_;
    if (value < -near_)
      value += range_ * step_;
    else if (value > largest_ + near_)
      value -= range_ * step_;
    return within(value);
  }

  int32_t pixel(int32_t q, int32_t ra, int32_t rb, int32_t rc) {
    const int32_t sign = q >> 31;  // 0 or -1: x ^ sign - sign is x with that sign
    Context& context = contexts_[static_cast<size_t>((q ^ sign) - sign)];
    const int32_t low = std::min(ra, rb);
    const int32_t high = std::max(ra, rb);
    // The median of ra, rb and the plane through the three.
    const int32_t predicted = within(std::clamp(ra + rb - rc, low, high) + ((context.c ^ sign) - sign));
    const int k = golomb_parameter(context.a, context.n);
    const uint32_t coded = code(k, limit_);
    auto error = static_cast<int32_t>(coded >> 1) ^ -static_cast<int32_t>(coded & 1);
    if (exact && k == 0 && 2 * context.b <= -static_cast<int32_t>(context.n)) error = ~error;
    if (coded > static_cast<uint32_t>(range_)) refuse_damaged();
    update(context, error);
    return reconstructed(predicted, (error ^ sign) - sign);
  }

  void update(Context& context, int32_t error) const {
    uint32_t a = context.a + static_cast<uint32_t>(std::abs(error));
    int32_t b = context.b + error * step_;
    if (context.n == reset_) {
      a >>= 1;
      b >>= 1;
      context.n >>= 1;
    }
    const auto n = static_cast<int32_t>(++context.n);
    context.a = a;
    if (b <= -n) {
      b = std::max(b + n, 1 - n);
      context.c = std::max(context.c - 1, -128);
    } else if (b > 0) {
      b = std::min(b - n, 0);
      context.c = std::min(context.c + 1, 127);
    }
    context.b = b;
  }

  // From x on; where it ends.
  int64_t decode_run(const uint16_t* before, uint16_t* line, int64_t x) {
    const uint16_t value = line[x - 1];
    for (;;) {
      bits_.refill();
      const int64_t left = width_ - x;
      const int length_bits = run_bits[run_index_];
      if (bits_.take(1) == 0) {
        const int64_t rest = bits_.take(length_bits);
        if (rest > left) refuse_damaged();
        std::fill_n(line + x, rest, value);
        x += rest;
        break;
      }
      const int64_t length = int64_t{1} << length_bits;
      std::fill_n(line + x, std::min(length, left), value);
      x += std::min(length, left);
      if (length <= left && run_index_ < 31) ++run_index_;
      if (x == width_) return x;
    }
    if (x == width_) return x;
    line[x] = static_cast<uint16_t>(pixel_behind_run(value, before[x]));
    if (run_index_ > 0) --run_index_;
    return x + 1;
  }

  // A.7.2
  int32_t pixel_behind_run(int32_t ra, int32_t rb) {
    const bool alike = std::abs(ra - rb) <= near_;
    RunContext& context = runs_[alike ? 1 : 0];
    const int k = golomb_parameter(context.a + (alike ? context.n >> 1 : 0), context.n);
    const uint32_t coded = code(k, limit_ - run_bits[run_index_] - 1);
    if (coded > static_cast<uint32_t>(range_)) refuse_damaged();
    const uint32_t mapped = coded + (alike ? 1 : 0);
    const bool odd = mapped % 2 != 0;
    const auto size = static_cast<int32_t>((mapped + 1) / 2);
    const int32_t error = (k != 0 || 2 * context.negative >= context.n) == odd ? -size : size;
    if (error < 0) ++context.negative;
    context.a += (coded + 1 - (alike ? 1 : 0)) >> 1;
    if (context.n == reset_) {
      context.a >>= 1;
      context.n >>= 1;
      context.negative >>= 1;
    }
    ++context.n;
    return alike ? reconstructed(ra, error) : reconstructed(rb, ra > rb ? -error : error);
  }

  int64_t width_;
  int32_t largest_, near_, step_, range_;
  int error_bits_;
  int limit_ = 0;
  uint32_t reset_;
  size_t run_index_ = 0;
  JpegLsBits bits_;
  std::array<Context, 365> contexts_;
  std::array<RunContext, 2> runs_;
  std::vector<int8_t> gradients_;
  const int8_t* level_ = nullptr;  // of the gradients -largest...largest
};

template <bool exact>
void decode_scan(const JpegLsFrame& frame, std::span<uint8_t> samples) {
  const auto width = static_cast<size_t>(frame.width);
  const size_t sample_bytes = frame.bits <= 8 ? 1 : 2;
  Scan<exact> scan(frame);
  std::vector<uint16_t> before(width + 2);
  std::vector<uint16_t> line(width + 2);
  for (size_t y = 0; y < static_cast<size_t>(frame.height); ++y) {
    // Beyond the ends of a line (T.87 A.2.1).
    before[width + 1] = before[width];
    line[0] = before[1];
    scan.decode(before.data() + 1, line.data() + 1);
    uint8_t* out = samples.data() + y * width * sample_bytes;
    for (size_t x = 0; x < width; ++x) {
      out[x * sample_bytes] = static_cast<uint8_t>(line[x + 1]);
      if (sample_bytes == 2) out[2 * x + 1] = static_cast<uint8_t>(line[x + 1] >> 8);
    }
    std::swap(before, line);
  }
}

}  // namespace

JpegLsFrame read_jpeg_ls(Bytes data) {
  std::optional<JpegLsFrame> frame;
  size_t at = 2;
  while (const auto segment = jpeg::next_segment(data, at, 0x80)) {
    const Bytes d = segment->data;
    if (segment->marker == jpeg::restart_interval) refuse("JPEG-LS data with restart intervals, which are not read");
    if (segment->marker == jpeg::jpeg_ls_frame) {
      if (frame || d.size() != 9 || d[5] != 1) refuse("JPEG-LS data is damaged: a wrong frame header");
      frame = JpegLsFrame{};
      frame->bits = d[0];
      frame->height = d[1] << 8 | d[2];
      frame->width = d[3] << 8 | d[4];
      if (frame->bits < 2 || frame->bits > 16 || frame->height == 0 || frame->width == 0)
        refuse("JPEG-LS data is damaged: a wrong frame header");
    }
    if (segment->marker == jpeg::jpeg_ls_parameters && frame) read_parameters(d, *frame);
    if (segment->marker != jpeg::start_of_scan) continue;
    if (!frame || d.size() != 6 || frame->largest >= 1 << frame->bits) refuse("JPEG-LS data is damaged: a wrong scan header");
    frame->near = d[3];
    add_defaults(*frame);
    if (frame->near > frame->largest / 2) refuse("JPEG-LS data is damaged: too large a difference is allowed");
    frame->scan = data.subspan(at);
    return *frame;
  }
  refuse("JPEG-LS data without an image");
}

void decode_jpeg_ls(const JpegLsFrame& frame, std::span<uint8_t> samples) {
  if (samples.size() != static_cast<size_t>(frame.height * frame.width) * (frame.bits <= 8 ? 1 : 2))
    refuse("JPEG-LS data of another size");
  if (frame.near == 0)
    decode_scan<true>(frame, samples);
  else
    decode_scan<false>(frame, samples);
}

}  // namespace thorax::data
