#include "kernels/statistics.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void channel_statistics(const Stream& stream, const Slice& x, float* partial))
THORAX_TWINS(void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial))

void channel_statistics(const Stream& stream, const Slice& x, float* partial) {
  require_blocked("channel_statistics", "x", x);
  THORAX_RUN(channel_statistics, stream, x, partial);
}

void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial) {
  require_blocked("copy_with_statistics", "from", from);
  require_blocked("copy_with_statistics", "to", to);
  require(shape_of(from) == shape_of(to), "copy_with_statistics", shape_of(from), " and ", shape_of(to), " differ");
  THORAX_RUN(copy_with_statistics, stream, from, to, partial);
}

void merge_statistics(const float* partial, int64_t images, int64_t channels, int64_t pixels, float* mean, float* variance) {
  for (int64_t c = 0; c < channels; ++c) {
    double m = 0;
    double m2 = 0;
    for (int64_t n = 0; n < images; ++n) {
      const auto image_mean = static_cast<double>(partial[n * 2 * channels + c]);
      const auto image_m2 = static_cast<double>(partial[(n * 2 + 1) * channels + c]);
      const double delta = image_mean - m;
      const auto done = static_cast<double>(n);
      m += delta / (done + 1.0);
      m2 += image_m2 + delta * delta * static_cast<double>(pixels) * done / (done + 1.0);
    }
    mean[c] = static_cast<float>(m);
    variance[c] = static_cast<float>(m2 / static_cast<double>(images * pixels));
  }
}

void update_running(const float* mean, const float* variance, int64_t channels, int64_t count, float momentum, float* running_mean,
                    float* running_var, int64_t* num_batches_tracked) {
  const double unbiased = count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1.0;
  const auto m = static_cast<double>(momentum);
  for (int64_t c = 0; c < channels; ++c) {
    running_mean[c] = static_cast<float>((1.0 - m) * static_cast<double>(running_mean[c]) + m * static_cast<double>(mean[c]));
    running_var[c] = static_cast<float>((1.0 - m) * static_cast<double>(running_var[c]) + m * unbiased * static_cast<double>(variance[c]));
  }
  ++*num_batches_tracked;
}

}  // namespace thorax
