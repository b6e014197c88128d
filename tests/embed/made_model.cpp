#include "tests/embed/made_model.h"

#include "kernels/layout.h"
#include "layers/batch_norm_relu.h"
#include "layers/dense_block.h"
#include "layers/linear.h"
#include "layers/normalize.h"
#include "layers/pool.h"
#include "layers/stem.h"
#include "layers/transition.h"
#include "models/registry.h"
#include "tensor/planner.h"
#include "tensor/rng.h"

namespace thorax::test {

namespace {

struct Built {
  Value image, features, logits;
};

Value tiny(Graph& g, Value x, int64_t classes, Value& features) {
  x = stem(g, "features.conv0", x, 64);
  x = batch_norm_relu(g, "features.norm0", x);
  x = max_pool(g, "features.pool0", x, 3, 2, 1);
  const int64_t layers[] = {2, 2, 2, 1};
  for (int i = 0; i < 4; ++i) {
    const DenseBlockOutput block = dense_block(g, str("features.denseblock", i + 1), x, {.layers = layers[i]});
    x = i == 3 ? batch_norm_relu(g, "features.norm5", block.y, block.statistics)
               : transition(g, str("features.transition", i + 1), block, g.info(block.y).shape[1] / 2);
  }
  features = x;
  return linear(g, "classifier", global_avg_pool(g, "pool", x), classes, true);
}

Built build(Graph& g, const ModelDescription& d) {
  Built b;
  b.image = g.input("image", {1, 1, d.recipe.size, d.recipe.size}, DType::u8, Layout::plain, false);
  const Value x = normalize(g, "normalize", b.image, d.recipe.mean, d.recipe.std);
  const auto classes = static_cast<int64_t>(d.classes.size());
  b.logits = d.model == "densenet_tiny" ? tiny(g, x, classes, b.features) : find_model(d.model).build(g, x, classes);
  return b;
}

ModelDescription description_of(const std::string& model, int64_t size, std::vector<std::string> classes) {
  ModelDescription d;
  d.model = model;
  d.classes = std::move(classes);
  d.cutoffs.resize(d.classes.size());
  d.cutoffs[0] = 0.25F;
  d.recipe.size = size;
  d.config = "[a table]\nlines = 2\n";
  return d;
}

Store store_of(const ModelDescription& d, uint64_t seed) {
  Graph g(false);
  build(g, d);
  Store store(g, seed, false);
  uint64_t stream = 1000;
  for (const std::string& name : store.names()) {
    const Tensor t = store.find(name);
    if (t.dtype != DType::f32) continue;
    const Rng rng(seed, stream++);
    const bool factor = t.shape.rank() == 1 && name.ends_with("weight");
    for (int64_t k = 0; k < t.count(); ++k) {
      const auto i = static_cast<uint64_t>(k);
      float& value = t.as<float>()[k];
      if (name.ends_with("running_var"))
        value = rng.uniform(i, 0.5F, 1.5F);
      else if (factor)  // a tenth is zero, a third negative
        value = rng.uniform(i) < 0.1F ? 0 : rng.uniform(i + 100000, -0.5F, 1.0F);
      else if (t.shape.rank() == 1)
        value = rng.uniform(i, -0.3F, 0.3F);
    }
  }
  store.touch();
  return store;
}

}  // namespace

MadeModel::MadeModel(const std::string& model, int64_t size, uint64_t seed, std::vector<std::string> classes)
    : description(description_of(model, size, std::move(classes))), store(store_of(description, seed)) {}

Answer MadeModel::answer(const std::vector<uint8_t>& plane) {
  Graph g(false);
  const Built b = build(g, description);
  PlanOptions options;
  options.keep = {b.logits};
  const bool has_features = description.model == "densenet_tiny";
  if (has_features) options.keep.push_back(b.features);
  Arena arena;
  Program program = plan(g, options, store, arena);
  std::memcpy(program.tensor(b.image).data, plane.data(), plane.size());
  program.run();
  Answer a;
  const Tensor logits = program.tensor(b.logits);
  a.logits.assign(logits.as<float>(), logits.as<float>() + logits.count());
  if (!has_features) return a;
  Tensor plain = program.tensor(b.features);
  const Tensor kept = plain;
  a.features.resize(static_cast<size_t>(plain.count()));
  plain.data = a.features.data();
  plain.layout = Layout::plain;
  blocked_to_plain({}, kept, plain);
  return a;
}

const std::string& small_file() {
  static const std::string file = MadeModel("densenet_tiny", 64).thx();
  return file;
}

std::vector<uint8_t> noise(size_t count, uint64_t seed) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(Rng(seed, 5).below(i, 256));
  return bytes;
}

Outcome run(const Opened& opened, thorax_session* s, const thorax_image& image) {
  thorax_error error{};
  error.size = sizeof error;
  Outcome o;
  const size_t classes = opened.model->file.classes;
  o.probabilities.resize(classes);
  REQUIRE_MESSAGE(thorax_run(s, &image, o.probabilities.data(), classes, &error) == THORAX_OK, error.text);
  o.logits.assign(s->result.logits, s->result.logits + classes);
  for (size_t k = 0; k < classes; ++k) {
    std::vector<float> map(7 * 5);
    REQUIRE(thorax_cam(s, static_cast<int>(k), map.data(), 7, 5, 0, &error) == THORAX_OK);
    o.maps.insert(o.maps.end(), map.begin(), map.end());
  }
  return o;
}

Outcome run(const Opened& opened, const thorax_options& options, const thorax_image& image) {
  const Session session(opened, options);
  return run(opened, session.session, image);
}

}  // namespace thorax::test
