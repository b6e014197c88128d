#include "explain/planes.h"

#include "kernels/isa.h"
#include "tensor/element.h"

namespace thorax::explain {

namespace {

template <class T>
void gather(const T* from, int64_t channels, int64_t pixels, int64_t block, Planes& to) {
  for (int64_t c = 0; c < channels; ++c) {
    const T* first = from + (c / block) * block * pixels + c % block;
    float* plane = to.plane(c);
    for (int64_t p = 0; p < pixels; ++p) plane[p] = to_float(first[p * block]);
  }
}

}  // namespace

Planes planes_of(const Tensor& t, int64_t image) {
  if (t.shape.rank() != 4 || image >= t.shape[0])
    throw Error(Fault::defect, str("explain: image ", image, " of ", t.shape, ", [N,C,H,W] is expected"));
  const int64_t channels = t.shape[1];
  Planes planes(channels, t.shape[2], t.shape[3]);
  // Plain planes are blocks of one channel, nhwc is one block of all.
  const int64_t block = t.layout == Layout::plain ? 1 : t.layout == Layout::nhwc ? channels : channel_block();
  const int64_t offset = image * channels * planes.pixels();
  with_real(t.dtype, [&]<class T>(T) { gather(t.as<T>() + offset, channels, planes.pixels(), block, planes); });
  return planes;
}

}  // namespace thorax::explain
