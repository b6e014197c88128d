#include "kernels/batch_norm.h"

#include <cmath>

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu))
THORAX_TWINS(void batch_norm_relu_backward(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu, const Slice* g,
                                           bool accumulate, float* sums))
THORAX_TWINS(void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                                 const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx, bool accumulate))
THORAX_TWINS(void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y))
THORAX_TWINS(void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm, float* sums))
THORAX_TWINS(void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                                          const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                                          bool accumulate))
THORAX_TWINS(void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps,
                                    const float* b, const float* c, const Slice& out))

namespace {

void check_same_shape(const char* op, const Slice& a, const Slice& b) {
  require_blocked(op, "x", a);
  require_blocked(op, "y or its gradient", b);
  require(shape_of(a) == shape_of(b), op, shape_of(a), " and ", shape_of(b), " differ");
}

void check_same(const char* op, const Slice& a, const Slice& b) {
  check_same_shape(op, a, b);
  require_same(op, "x", a, "y or its gradient", b);
}

void check_pooled(const char* op, const Slice& x, const Slice& y) {
  require_blocked(op, "x", x);
  require_blocked(op, "y", y);
  const Shape in = shape_of(x);
  require(shape_of(y) == Shape{in[0], in[1], in[2] / 2, in[3] / 2}, op, in, " does not pool to ", shape_of(y));
  require(x.buffer.dtype == y.buffer.dtype, op, x.buffer.dtype, " and ", y.buffer.dtype, ", one dtype is expected");
}

}  // namespace

void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu) {
  check_same("batch_norm_relu_forward", x, y);
  THORAX_RUN(batch_norm_relu_forward, stream, x, norm, y, relu);
}

void batch_norm_relu_backward_sums(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu, float* sums) {
  check_same("batch_norm_relu_backward_sums", x, dy);
  THORAX_RUN(batch_norm_relu_backward, stream, x, dy, norm, relu, nullptr, false, sums);
}

void batch_norm_relu_backward_linear(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu, const Slice& g,
                                     bool accumulate, float* sums) {
  check_same("batch_norm_relu_backward_linear", x, dy);
  check_same_shape("batch_norm_relu_backward_linear", x, g);
  THORAX_RUN(batch_norm_relu_backward, stream, x, dy, norm, relu, &g, accumulate, sums);
}

void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu, const float* sum_dz,
                                    const float* sum_dz_xhat, int64_t count, const Slice& dx, bool accumulate) {
  check_same("batch_norm_relu_backward_apply", x, dy);
  check_same_shape("batch_norm_relu_backward_apply", x, dx);
  THORAX_RUN(batch_norm_relu_backward_apply, stream, x, dy, norm, relu, sum_dz, sum_dz_xhat, count, dx, accumulate);
}

void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  check_pooled("batch_norm_relu_avg_pool_forward", x, y);
  THORAX_RUN(batch_norm_relu_avg_pool_forward, stream, x, norm, y);
}

void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm, float* sums) {
  check_pooled("batch_norm_relu_avg_pool_backward_sums", x, dpool);
  THORAX_RUN(batch_norm_relu_avg_pool_backward_sums, stream, x, dpool, norm, sums);
}

void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm, const float* sum_dz,
                                             const float* sum_dz_xhat, int64_t count, const Slice& dx, bool accumulate) {
  check_pooled("batch_norm_relu_avg_pool_backward_apply", x, dpool);
  check_same_shape("batch_norm_relu_avg_pool_backward_apply", x, dx);
  THORAX_RUN(batch_norm_relu_avg_pool_backward_apply, stream, x, dpool, norm, sum_dz, sum_dz_xhat, count, dx, accumulate);
}

void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps, const float* b,
                       const float* c, const Slice& out) {
  check_same_shape("apply_corrections", g, x);
  check_same_shape("apply_corrections", g, out);
  THORAX_RUN(apply_corrections, stream, g, x, mean, variance, eps, b, c, out);
}

void finish_sums(const float* sums, int64_t images, int64_t channels, float* dgamma, float* dbeta, bool accumulate, float* sum_dz,
                 float* sum_dz_xhat) {
  for (int64_t c = 0; c < channels; ++c) {
    double dz = 0;
    double dz_xhat = 0;
    for (int64_t n = 0; n < images; ++n) {
      dz += static_cast<double>(sums[n * 2 * channels + c]);
      dz_xhat += static_cast<double>(sums[(n * 2 + 1) * channels + c]);
    }
    if (dgamma != nullptr) dgamma[c] = (accumulate ? dgamma[c] : 0.0F) + static_cast<float>(dz_xhat);
    if (dbeta != nullptr) dbeta[c] = (accumulate ? dbeta[c] : 0.0F) + static_cast<float>(dz);
    sum_dz[c] = static_cast<float>(dz);
    sum_dz_xhat[c] = static_cast<float>(dz_xhat);
  }
}

void accumulate_corrections(const float* gamma, const float* variance, float eps, const float* sum_dz, const float* sum_dz_xhat, int64_t count,
                            int64_t channels, float* b, float* c, bool accumulate) {
  for (int64_t i = 0; i < channels; ++i) {
    const float a_over_count = gamma[i] / std::sqrt(variance[i] + eps) / static_cast<float>(count);
    b[i] = (accumulate ? b[i] : 0.0F) - a_over_count * sum_dz_xhat[i];
    c[i] = (accumulate ? c[i] : 0.0F) - a_over_count * sum_dz[i];
  }
}

}  // namespace thorax
