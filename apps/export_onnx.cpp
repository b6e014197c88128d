#include "apps/export_onnx.h"

#include "layers/linear.h"
#include "layers/normalize.h"
#include "models/registry.h"
#include "weights/onnx.h"

namespace thorax {

std::string model_as_onnx(const ModelDescription& d, const Store& store) {
  const auto classes = static_cast<int64_t>(d.classes.size());
  const data::Recipe& r = d.recipe;
  Graph g(false);
  const Value image = g.input("image", {1, 1, r.size, r.size}, DType::u8, Layout::plain, false);
  const Value logits = find_model(d.model).build(g, normalize(g, "normalize", image, r.mean, r.std), classes);
  const Value probabilities = sigmoid(g, "sigmoid", logits);
  Description graph(g, store);

  weights::OnnxModel model;
  model.name = d.model;
  model.version = THORAX_VERSION;
  model.description =
      str("Chest radiograph classifier. image: one grey plane of bytes, ",
          r.equalize ? "histogram equalised at its original size, " : "",
          r.fit == Fit::stretch ? "stretched" : "fitted with black borders", " to ", r.size, 'x', r.size,
          " (bilinear, no anti-aliasing). The division by mean and standard deviation is in the graph. Not a medical device.");
  model.inputs = {{"image", "", DType::u8, {1, r.size, r.size}}};
  model.outputs = {{"logits", graph.of(logits), DType::f32, {classes}},
                   {"probabilities", graph.of(probabilities), DType::f32, {classes}}};
  model.metadata = to_metadata(d);
  return onnx_bytes(graph, model);
}

}  // namespace thorax
