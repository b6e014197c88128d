#include "kernels/copy.h"

#include <cstring>

#include "kernels/require.h"
#include "tensor/queue.h"

namespace thorax {

void copy_bytes(const Stream& stream, const Tensor& from, const Tensor& to) {
  require(from.bytes() == to.bytes(), "copy_bytes", "from is ", from.shape, ' ', from.dtype, ", to is ", to.shape, ' ', to.dtype);
  if (stream.queue != nullptr) {
    stream.queue->copy(to.data, from.data, to.bytes());
  } else {
    std::memcpy(to.data, from.data, to.bytes());
  }
}

}  // namespace thorax
