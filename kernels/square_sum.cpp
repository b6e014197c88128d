#include "kernels/square_sum.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void square_sum(const Stream&, const Tensor&, double*))

void square_sum(const Stream& stream, const Tensor& x, double* parts) {
  require_plain("square_sum", "x", x, DType::f32, x.shape);
  require(parts != nullptr, "square_sum", "x is ", x.shape, ", the partial sums have no memory");
  THORAX_RUN(square_sum, stream, x, parts);
}

}  // namespace thorax
