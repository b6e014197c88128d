#include "optim/update.h"

namespace thorax {

void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars) {
  // A GPU reads the scalars in its own memory: what is replayed there can then have other values in every step.
  const bool on_gpu = emit.stream().device == Device::cuda;
  const Slot copy = on_gpu ? emit.slot("sgd.scalars", {sizeof(SgdScalars)}, DType::u8) : Slot{};
  emit.step("sgd", {}, {copy}, 4.0 * static_cast<double>(store.flat_count()), [&store, scalars, copy](const Run& run) {
    const auto flat = [&](float* p) { return Tensor{p, {store.flat_count()}, DType::f32, Layout::plain}; };
    const SgdScalars* used = scalars;
    if (const Tensor c = run[copy]) {
      run.stream.queue->copy(c.data, scalars, sizeof *scalars);
      used = static_cast<const SgdScalars*>(c.data);
    }
    sgd_update(run.stream, flat(store.gradients()), used, flat(store.parameters()), flat(store.momenta()));
  });
}

}  // namespace thorax
