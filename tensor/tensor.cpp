#include "tensor/tensor.h"

namespace thorax {

void refuse_type(const Tensor& tensor, DType read_as) {
  throw Error(Fault::defect, str("tensor ", tensor.shape, " is ", tensor.dtype, ", read as ", read_as));
}

}  // namespace thorax
