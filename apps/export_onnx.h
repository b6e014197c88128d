// A trained model as ONNX: from the bytes of a preprocessed image to logits and probabilities.
#pragma once

#include <string>

#include "apps/model_file.h"

namespace thorax {

// Input "image": uint8 [N,1,size,size], as data::preprocess() makes it; the division by mean and std is part of the graph.
// Outputs "logits" and "probabilities": float [N,C]. Metadata: "preprocess.*", and "thorax.model", "thorax.classes",
// "thorax.cutoffs".
std::string model_as_onnx(const ModelDescription& description, const Store& store);

}  // namespace thorax
