// Class activation maps at any layer, through the autograd graph: forward in evaluation mode, and backward from one class's score
// to that layer and no further.
#pragma once

#include <optional>
#include <string>

#include "explain/cam.h"
#include "tensor/planner.h"

namespace thorax::explain {

// The scores that a map explains.
enum class Target : uint8_t { logit, probability };

struct LayerCamSpec {
  std::string model;
  int64_t classes = 0;
  int64_t size = 0;  // of the input square
  DType dtype = DType::f32;
  float mean = 0;
  float std = 1;
  Stream stream;
  std::string layer;
  Target target = Target::logit;
};

class LayerCam {
 public:
  // store: of that model; arena: not that of a program whose results are still to be read. Throws Error(input) for a layer that
  // the model does not have.
  LayerCam(const LayerCamSpec& spec, Store& store, Arena& arena);

  // plane: [size,size], preprocessed. classes: which; one forward and one backward pass for each. [classes.size(),h,w].
  Planes maps(const std::vector<uint8_t>& plane, const std::vector<size_t>& classes, Method method);

 private:
  Value bytes_, selector_, layer_;
  int64_t classes_;
  std::optional<Program> program_;
};

}  // namespace thorax::explain
