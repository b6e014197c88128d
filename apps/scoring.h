// A model run over images of a table: probabilities beside the truth.
#pragma once

#include <functional>

#include "apps/model_file.h"
#include "data/loader.h"
#include "metrics/scores.h"

namespace thorax {

// Images as a model sees them at test time: one Transform each, and the mean of what it says.
using TestViews = std::vector<data::Transform>;

// The loader's images in its order, which must be unshuffled `rows`. after_batch(batch): called behind each batch, when the
// network's logits and probabilities are those of its last view. Where the loader makes a rank's share, the other images keep
// zeros. views: at least one.
metrics::Scores score(Network& network, data::Loader& loader, const data::Manifest& manifest, const std::vector<size_t>& rows,
                      const std::function<void(const data::Batch&)>& after_batch, const TestViews& views = {{}});

// One image, preprocessed as the network expects it: [size,size]. Returns the classes' mean probabilities over the views.
std::vector<float> predict_plane(Network& network, const std::vector<uint8_t>& plane, const TestViews& views);

// The truth of these rows alone, probabilities zero.
metrics::Scores truth_of(const data::Manifest& manifest, const std::vector<size_t>& rows);

}  // namespace thorax
