// A store's weights as libthorax wants them: batch norms folded in, packed.
#pragma once

#include <vector>

#include "embed/architecture.h"
#include "tensor/store.h"

namespace thorax {

struct FoldedWeights {
  std::vector<float> weights, bias, clamp;  // as the sections of a .thx file
};

// order: which of the store's classes is the file's k-th.
FoldedWeights fold_weights(const embed::Architecture& architecture, const embed::Table& table, const Store& store,
                           const std::vector<size_t>& order);

}  // namespace thorax
