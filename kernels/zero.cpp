#include "kernels/zero.h"

#include <cstring>

#include "tensor/queue.h"

namespace thorax {

void set_zero(const Stream& stream, const Tensor& x) {
  if (stream.queue != nullptr) {
    stream.queue->fill(x.data, 0, x.bytes());
  } else {
    std::memset(x.data, 0, x.bytes());
  }
}

}  // namespace thorax
