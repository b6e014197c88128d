#include "kernels/relu.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void relu_forward(const Stream&, const Slice&, const Slice&))
THORAX_TWINS(void relu_backward(const Stream&, const Slice&, const Slice&, const Slice&, bool))

void relu_forward(const Stream& stream, const Slice& x, const Slice& y) {
  require_activation(stream, "relu_forward", "x", x);
  require_activation(stream, "relu_forward", "y", y);
  require_same("relu_forward", "x", x, "y", y);
  THORAX_RUN(relu_forward, stream, x, y);
}

void relu_backward(const Stream& stream, const Slice& dy, const Slice& y, const Slice& dx, bool accumulate) {
  require_activation(stream, "relu_backward", "dy", dy);
  require_activation(stream, "relu_backward", "y", y);
  require_activation(stream, "relu_backward", "dx", dx);
  require_same("relu_backward", "dy", dy, "y", y);
  require_same("relu_backward", "dy", dy, "dx", dx);
  THORAX_RUN(relu_backward, stream, dy, y, dx, accumulate);
}

}  // namespace thorax
