#include "optim/update.h"

namespace thorax {

void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars) {
  emit.step("sgd", {}, {}, 4.0 * static_cast<double>(store.flat_count()), [&store, scalars](const Run& run) {
    sgd_update(run.stream, store.parameters(), store.gradients(), store.momenta(), store.flat_count(), scalars);
  });
}

}  // namespace thorax
