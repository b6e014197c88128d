#include "models/registry.h"

#include "models/densenet.h"

namespace thorax {

const std::vector<Model>& models() {
  static const std::vector<Model> list{
      {"densenet121", [](Graph& g, Value x, int64_t classes) { return densenet(g, x, densenet121(), classes); }},
  };
  return list;
}

const Model& find_model(const std::string& name) {
  std::string known;
  for (const Model& m : models()) {
    if (m.name == name) return m;
    known += (known.empty() ? "" : ", ") + m.name;
  }
  throw Error(Fault::input, str("no model is named \"", name, "\""), "the models are: " + known);
}

}  // namespace thorax
