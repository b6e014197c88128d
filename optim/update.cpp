#include "optim/update.h"

namespace thorax {

void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars) {
  emit.step("sgd", {}, {}, 4.0 * static_cast<double>(store.flat_count()), [&store, scalars](const Run& run) {
    const auto flat = [&](float* p) { return Tensor{p, {store.flat_count()}, DType::f32, Layout::plain}; };
    sgd_update(run.stream, flat(store.gradients()), scalars, flat(store.parameters()), flat(store.momenta()));
  });
}

}  // namespace thorax
