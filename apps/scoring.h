// A model run over images of a table: probabilities beside the truth.
#pragma once

#include <functional>

#include "apps/model_file.h"
#include "data/loader.h"
#include "metrics/scores.h"

namespace thorax {

// The loader's images in its order, which must be unshuffled `rows`. after_batch(batch): called behind each run of the network,
// whose logits and probabilities then are the batch's.
metrics::Scores score(Network& network, data::Loader& loader, const data::Manifest& manifest, const std::vector<size_t>& rows,
                      const std::function<void(const data::Batch&)>& after_batch);

// The truth of these rows alone, probabilities zero.
metrics::Scores truth_of(const data::Manifest& manifest, const std::vector<size_t>& rows);

}  // namespace thorax
