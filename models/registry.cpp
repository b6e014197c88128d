#include "models/registry.h"

#include "models/densenet.h"
#include "models/resnet.h"

namespace thorax {

const std::vector<Model>& models() {
  static const std::vector<Model> list{
      {"densenet121", [](Graph& g, Value x, int64_t classes) { return densenet(g, x, densenet121(), classes); }},
      {"densenet169", [](Graph& g, Value x, int64_t classes) { return densenet(g, x, densenet169(), classes); }},
      {"densenet201", [](Graph& g, Value x, int64_t classes) { return densenet(g, x, densenet201(), classes); }},
      {"resnet18", [](Graph& g, Value x, int64_t classes) { return resnet(g, x, resnet18(), classes); }},
      {"resnet50", [](Graph& g, Value x, int64_t classes) { return resnet(g, x, resnet50(), classes); }},
      {"resnet101", [](Graph& g, Value x, int64_t classes) { return resnet(g, x, resnet101(), classes); }},
  };
  return list;
}

std::string model_names() {
  std::vector<std::string> names;
  for (const Model& m : models()) names.emplace_back(m.name);
  return joined(names);
}

const Model& find_model(const std::string& name) {
  for (const Model& m : models()) {
    if (m.name == name) return m;
  }
  throw Error(Fault::input, str("no model is named \"", name, "\""), "the models are: " + model_names());
}

}  // namespace thorax
