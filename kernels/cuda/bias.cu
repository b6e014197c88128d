#include "kernels/cuda/bias.h"

#include "kernels/cuda/device.cuh"

namespace thorax::cuda {

namespace {

__global__ void sum_rows_kernel(const float* dy, float* dbias, bool accumulate, int64_t rows, int64_t columns) {
  for (int64_t o = index_of_thread(); o < columns; o += threads_of_grid()) {
    float total = accumulate ? dbias[o] : 0.0F;
    for (int64_t n = 0; n < rows; ++n) total += dy[n * columns + o];
    dbias[o] = total;
  }
}

}  // namespace

void sum_rows(const Stream& stream, const Tensor& dy, const Tensor& dbias, bool accumulate) {
  const int64_t columns = dy.shape[1];
  sum_rows_kernel<<<flat_grid(stream, columns), flat_threads, 0, queue_of(stream)>>>(dy.as<float>(), dbias.as<float>(),
                                                                                     accumulate, dy.shape[0], columns);
  launched("sum_rows");
}

}  // namespace thorax::cuda
