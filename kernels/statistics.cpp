#include "kernels/statistics.h"

#include "kernels/isa.h"
#include "kernels/parts_math.h"
#include "kernels/require.h"
#include "kernels/statistics_math.h"

namespace thorax {

THORAX_TWINS(void channel_statistics(const Stream& stream, const Slice& x, float* partial))
THORAX_TWINS(void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial))
THORAX_CUDA_TWIN(void merge_statistics(const Stream&, const float*, int64_t, int64_t, int64_t, float*, float*))
THORAX_CUDA_TWIN(void update_running(const Stream&, const float*, const float*, int64_t, int64_t, float, float*, float*,
                                     int64_t*))

void channel_statistics(const Stream& stream, const Slice& x, float* partial) {
  require_activation(stream, "channel_statistics", "x", x);
  THORAX_RUN(channel_statistics, stream, x, partial);
}

void copy_with_statistics(const Stream& stream, const Slice& from, const Slice& to, float* partial) {
  require_activation(stream, "copy_with_statistics", "from", from);
  require_activation(stream, "copy_with_statistics", "to", to);
  require(shape_of(from) == shape_of(to), "copy_with_statistics", "from is ", shape_of(from), ", to is ", shape_of(to));
  THORAX_RUN(copy_with_statistics, stream, from, to, partial);
}

int64_t partial_sums(const Stream& stream, int64_t images, int64_t pixels) {
  return stream.device == Device::cuda ? images * parts_of(pixels) : images;
}

void merge_statistics(const Stream& stream, const float* partial, int64_t images, int64_t channels, int64_t pixels, float* mean,
                      float* variance) {
  THORAX_RETURN_CUDA(merge_statistics, stream, partial, images, channels, pixels, mean, variance);
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

void update_running(const Stream& stream, const float* mean, const float* variance, int64_t channels, int64_t count,
                    float momentum, float* running_mean, float* running_var, int64_t* num_batches_tracked) {
  THORAX_RETURN_CUDA(update_running, stream, mean, variance, channels, count, momentum, running_mean, running_var,
                     num_batches_tracked);
  const auto m = static_cast<double>(momentum);
  for (int64_t c = 0; c < channels; ++c) {
    running_mean[c] = moved(running_mean[c], mean[c], m, 1.0);
    running_var[c] = moved(running_var[c], variance[c], m, unbiasing(count));
  }
  ++*num_batches_tracked;
}

}  // namespace thorax
