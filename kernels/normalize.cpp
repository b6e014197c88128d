#include "kernels/normalize.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void normalize(const Stream&, const Tensor&, float, float, const Tensor&, const SampleMap*))

void normalize(const Stream& stream, const Tensor& x, float mean, float deviation, const Tensor& y, const SampleMap* moves) {
  require(x.shape.rank() == 4 && x.shape[1] == 1, "normalize", "x is ", x.shape, ", expected [N,1,H,W]");
  require(moves == nullptr || x.shape[2] == x.shape[3], "normalize", "x is ", x.shape, ", only squares are moved");
  require_plain("normalize", "x", x, DType::u8, x.shape);
  require_plain("normalize", "y", y, is_real(y.dtype) ? y.dtype : DType::f32, x.shape);
  require(deviation > 0, "normalize", "the deviation is ", deviation, ", expected more than 0");
  THORAX_RUN(normalize, stream, x, mean, deviation, y, moves);
}

}  // namespace thorax
