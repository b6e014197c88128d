#include "kernels/batch_norm.h"

#include "kernels/batch_norm_math.h"
#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu))
THORAX_TWINS(void batch_norm_relu_backward_sums(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm,
                                                bool relu, float* sums))
THORAX_TWINS(void batch_norm_relu_backward_linear(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm,
                                                  bool relu, const Slice& g, bool accumulate, float* sums))
THORAX_TWINS(void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm,
                                                 bool relu, const float* sum_dz, const float* sum_dz_xhat, int64_t count,
                                                 const Slice& dx, bool accumulate))
THORAX_TWINS(void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y))
THORAX_TWINS(void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool,
                                                         const BatchNorm& norm, float* sums))
THORAX_TWINS(void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool,
                                                          const BatchNorm& norm, const float* sum_dz, const float* sum_dz_xhat,
                                                          int64_t count, const Slice& dx, bool accumulate))
THORAX_TWINS(void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean,
                                    const float* variance, float eps, const float* b, const float* c, const Slice& out))
THORAX_CUDA_TWIN(void finish_sums(const Stream&, const float*, int64_t, int64_t, float*, float*, bool, float*, float*))
THORAX_CUDA_TWIN(void accumulate_corrections(const Stream&, const float*, const float*, float, const float*, const float*,
                                             int64_t, int64_t, float*, float*, bool))

namespace {

void require_same_shape(const Stream& stream, const char* op, const char* name_a, const Slice& a, const char* name_b,
                        const Slice& b) {
  require_activation(stream, op, name_a, a);
  require_activation(stream, op, name_b, b);
  require(shape_of(a) == shape_of(b), op, name_a, " is ", shape_of(a), ", ", name_b, " is ", shape_of(b));
}

void require_pooled(const Stream& stream, const char* op, const Slice& x, const char* name, const Slice& y) {
  require_activation(stream, op, "x", x);
  require_activation(stream, op, name, y);
  const Shape in = shape_of(x);
  const Shape out{in[0], in[1], in[2] / 2, in[3] / 2};
  require(shape_of(y) == out, op, "x is ", in, ", ", name, " is ", shape_of(y), ", expected ", out);
  require(x.buffer.dtype == y.buffer.dtype, op, "x is ", x.buffer.dtype, ", ", name, " is ", y.buffer.dtype);
}

}  // namespace

void batch_norm_relu_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y, bool relu) {
  require_same_shape(stream, "batch_norm_relu_forward", "x", x, "y", y);
  require_same("batch_norm_relu_forward", "x", x, "y", y);
  THORAX_RUN(batch_norm_relu_forward, stream, x, norm, y, relu);
}

void batch_norm_relu_backward_sums(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                   float* sums) {
  require_same_shape(stream, "batch_norm_relu_backward_sums", "x", x, "dy", dy);
  require_same("batch_norm_relu_backward_sums", "x", x, "dy", dy);
  THORAX_RUN(batch_norm_relu_backward_sums, stream, x, dy, norm, relu, sums);
}

void batch_norm_relu_backward_linear(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                     const Slice& g, bool accumulate, float* sums) {
  require_same_shape(stream, "batch_norm_relu_backward_linear", "x", x, "dy", dy);
  require_same("batch_norm_relu_backward_linear", "x", x, "dy", dy);
  require_same_shape(stream, "batch_norm_relu_backward_linear", "x", x, "g", g);
  THORAX_RUN(batch_norm_relu_backward_linear, stream, x, dy, norm, relu, g, accumulate, sums);
}

void batch_norm_relu_backward_apply(const Stream& stream, const Slice& x, const Slice& dy, const BatchNorm& norm, bool relu,
                                    const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                    bool accumulate) {
  require_same_shape(stream, "batch_norm_relu_backward_apply", "x", x, "dy", dy);
  require_same("batch_norm_relu_backward_apply", "x", x, "dy", dy);
  require_same_shape(stream, "batch_norm_relu_backward_apply", "x", x, "dx", dx);
  THORAX_RUN(batch_norm_relu_backward_apply, stream, x, dy, norm, relu, sum_dz, sum_dz_xhat, count, dx, accumulate);
}

void batch_norm_relu_avg_pool_forward(const Stream& stream, const Slice& x, const BatchNorm& norm, const Slice& y) {
  require_pooled(stream, "batch_norm_relu_avg_pool_forward", x, "y", y);
  THORAX_RUN(batch_norm_relu_avg_pool_forward, stream, x, norm, y);
}

void batch_norm_relu_avg_pool_backward_sums(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                            float* sums) {
  require_pooled(stream, "batch_norm_relu_avg_pool_backward_sums", x, "dpool", dpool);
  THORAX_RUN(batch_norm_relu_avg_pool_backward_sums, stream, x, dpool, norm, sums);
}

void batch_norm_relu_avg_pool_backward_apply(const Stream& stream, const Slice& x, const Slice& dpool, const BatchNorm& norm,
                                             const float* sum_dz, const float* sum_dz_xhat, int64_t count, const Slice& dx,
                                             bool accumulate) {
  require_pooled(stream, "batch_norm_relu_avg_pool_backward_apply", x, "dpool", dpool);
  require_same_shape(stream, "batch_norm_relu_avg_pool_backward_apply", "x", x, "dx", dx);
  THORAX_RUN(batch_norm_relu_avg_pool_backward_apply, stream, x, dpool, norm, sum_dz, sum_dz_xhat, count, dx, accumulate);
}

void apply_corrections(const Stream& stream, const Slice& g, const Slice& x, const float* mean, const float* variance, float eps,
                       const float* b, const float* c, const Slice& out) {
  require_same_shape(stream, "apply_corrections", "g", g, "x", x);
  require_same_shape(stream, "apply_corrections", "g", g, "out", out);
  THORAX_RUN(apply_corrections, stream, g, x, mean, variance, eps, b, c, out);
}

void finish_sums(const Stream& stream, const float* sums, int64_t parts, int64_t channels, float* dgamma, float* dbeta,
                 bool accumulate, float* sum_dz, float* sum_dz_xhat) {
  THORAX_RETURN_CUDA(finish_sums, stream, sums, parts, channels, dgamma, dbeta, accumulate, sum_dz, sum_dz_xhat);
  for (int64_t c = 0; c < channels; ++c) {
    double dz = 0;
    double dz_xhat = 0;
    for (int64_t n = 0; n < parts; ++n) {
      dz += static_cast<double>(sums[n * 2 * channels + c]);
      dz_xhat += static_cast<double>(sums[(n * 2 + 1) * channels + c]);
    }
    if (dgamma != nullptr) dgamma[c] = (accumulate ? dgamma[c] : 0.0F) + static_cast<float>(dz_xhat);
    if (dbeta != nullptr) dbeta[c] = (accumulate ? dbeta[c] : 0.0F) + static_cast<float>(dz);
    sum_dz[c] = static_cast<float>(dz);
    sum_dz_xhat[c] = static_cast<float>(dz_xhat);
  }
}

void accumulate_corrections(const Stream& stream, const float* gamma, const float* variance, float eps, const float* sum_dz,
                            const float* sum_dz_xhat, int64_t count, int64_t channels, float* b, float* c, bool accumulate) {
  THORAX_RETURN_CUDA(accumulate_corrections, stream, gamma, variance, eps, sum_dz, sum_dz_xhat, count, channels, b, c,
                     accumulate);
  for (int64_t i = 0; i < channels; ++i) {
    const float a_over_count = correction_scale(gamma[i], variance[i], eps, count);
    b[i] = (accumulate ? b[i] : 0.0F) - a_over_count * sum_dz_xhat[i];
    c[i] = (accumulate ? c[i] : 0.0F) - a_over_count * sum_dz[i];
  }
}

}  // namespace thorax
