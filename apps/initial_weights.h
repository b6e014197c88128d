// The weights of a file as those of a model: what fits, what does not, and what the numbers of its input meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tensor/store.h"
#include "weights/name_match.h"
#include "weights/weight_file.h"

namespace thorax {

// A tensor that a model needs.
struct ModelTensor {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
  bool head = false;      // of the last layer, which belongs to the classes
  bool optional = false;  // num_batches_tracked, which old files do not have and nothing depends on
};

// In torchvision's order.
std::vector<ModelTensor> tensors_of_model(const std::string& model, int64_t classes);

// How a file fits a model. Shapes are the same, but that a stem may have one channel for our three, and a matrix may be a 1x1
// convolution.
struct WeightFit {
  std::vector<ModelTensor> wanted;
  weights::NameMatch match;
  bool with_head = false;
  std::vector<bool> fits;  // beside wanted: found, and of the right shape
  // Of the tensors that are not optional; of the backbone alone where no classes were given.
  size_t needed = 0, fitting = 0;
  std::vector<std::string> missing;  // names
  std::vector<std::string> misfits;  // "features.conv0.weight is [64,4,7,7], not [64,3,7,7]"
};
// classes: of the head, which has to fit too; 0: the backbone alone.
WeightFit fit_weights(const weights::WeightFile& file, const std::string& model, int64_t classes);

// The model whose backbone the file holds whole, or empty. A ResNet-101 holds a ResNet-50, too: the largest one is meant.
std::string fitting_model(const weights::WeightFile& file);

// One or two lines for a person: how many fit, under which names, what is missing, what is left over.
std::string fit_report(const WeightFit& fit, const std::string& model);

// Copies the weights into the store; of the backbone alone (classes 0) the head stays as it was drawn. Returns fit_report().
// Throws Error(input) when a tensor is missing, has another shape, or holds what is no finite number; the hint names the model
// that the file does fit.
std::string take_weights(const weights::WeightFile& file, const std::string& model, int64_t classes, Store& store);

// The numbers that the file's own network was fed: (pixel/255 - mean)/std, where the file tells.
struct InputScaling {
  float mean = 0, std = 1;
  std::string why;
};
std::optional<InputScaling> input_scaling(const weights::WeightFile& file);

}  // namespace thorax
