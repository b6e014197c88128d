// Trained models as one .thx file for libthorax (docs/embedding.md): batch norms folded, weights packed, known answers made.
#pragma once

#include <string>
#include <vector>

#include "apps/model_file.h"

namespace thorax {

struct EmbedMember {
  const ModelDescription* description;
  const Store* store;
};

// The file's bytes. Several members: an ensemble, in the first one's order of classes. Throws Error(input) for what the file
// cannot hold exactly: members with other classes or preprocessing, weights that are no finite numbers.
std::string models_as_thx(const std::vector<EmbedMember>& members);

}  // namespace thorax
