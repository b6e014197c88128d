#include "explain/layer_cam.h"

#include <algorithm>

#include "explain/dot.h"
#include "explain/layers.h"
#include "layers/linear.h"
#include "layers/normalize.h"
#include "models/registry.h"

namespace thorax::explain {

LayerCam::LayerCam(const LayerCamSpec& spec, Store& store, Arena& arena) : classes_(spec.classes) {
  Graph g(false, spec.dtype, spec.stream.device);
  bytes_ = g.input("bytes", {1, 1, spec.size, spec.size}, DType::u8, Layout::plain, false);
  const Value x = normalize(g, "normalize", bytes_, spec.mean, spec.std);
  const Value logits = find_model(spec.model).build(g, x, spec.classes);
  const Value scores = spec.target == Target::logit ? logits : sigmoid(g, "probabilities", logits);
  selector_ = g.input("selector", {1, spec.classes}, DType::f32, Layout::plain, false);
  layer_ = layer_of(g, spec.layer);
  PlanOptions options;
  options.stream = spec.stream;
  options.loss = dot(g, "score", scores, selector_);
  options.keep = {layer_};
  options.gradients_of = {layer_};
  options.parameter_gradients = false;
  program_ = plan(g, options, store, arena);
}

Planes LayerCam::maps(const std::vector<uint8_t>& plane, const std::vector<size_t>& classes, Method method) {
  Planes maps;
  for (size_t i = 0; i < classes.size(); ++i) {
    std::copy(plane.begin(), plane.end(), program_->tensor(bytes_).as<uint8_t>());
    auto* selector = program_->tensor(selector_).as<float>();
    std::fill_n(selector, classes_, 0.0F);
    selector[classes[i]] = 1.0F;
    program_->run();
    const Planes map = cam(method, planes_of(program_->tensor(layer_), 0), planes_of(program_->gradient(layer_), 0));
    if (i == 0) maps = Planes(static_cast<int64_t>(classes.size()), map.height, map.width);
    std::copy(map.values.begin(), map.values.end(), maps.plane(static_cast<int64_t>(i)));
  }
  return maps;
}

}  // namespace thorax::explain
