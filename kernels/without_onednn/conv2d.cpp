#include "kernels/conv2d_kernel.h"
#include "tensor/error.h"

namespace thorax {

std::shared_ptr<const Conv2dKernel> cpu::make_conv2d(ConvPass, const Conv2dShape&, const Conv2dChoice&) {
  throw Error(Fault::machine, "this thorax was built without oneDNN: only a GPU can run a model",
              "configure with -DTHORAX_ONEDNN=ON");
}

}  // namespace thorax
