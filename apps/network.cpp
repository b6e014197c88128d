#include "apps/network.h"

#include "explain/layers.h"
#include "layers/linear.h"
#include "layers/normalize.h"
#include "models/registry.h"

namespace thorax {

namespace {
Value build(Graph& g, Value x, const NetworkSpec& spec) {
  return spec.build ? spec.build(g, x, spec.classes) : find_model(spec.model).build(g, x, spec.classes);
}
}  // namespace

void Network::define(Graph& g, const NetworkSpec& spec, const SampleMap* moves) {
  bytes_ = g.input("bytes", {batch_, 1, spec.size, spec.size}, DType::u8, Layout::plain, false);
  const Value x = normalize(g, "normalize", bytes_, spec.mean, spec.std, moves);
  logits_ = build(g, x, spec);
}

Network::Network(const NetworkSpec& spec, int64_t batch, Store& store, Arena& arena) : batch_(batch) {
  Graph g(false, spec.dtype, spec.stream.device);
  define(g, spec, nullptr);
  probabilities_ = sigmoid(g, "probabilities", logits_);
  PlanOptions options;
  options.stream = spec.stream;
  options.keep = {logits_, probabilities_};
  if (spec.keep_features) {
    const explain::Head head = explain::head_of(g, logits_);
    features_ = head.features;
    head_weight_ = g.info(head.weight).name;
    options.keep.push_back(features_);
  }
  program_ = plan(g, options, store, arena);
}

Network::Network(const NetworkSpec& spec, int64_t batch, Store& store, Arena& arena, const StepSpec& step) : batch_(batch) {
  Graph g(true, spec.dtype, spec.stream.device);
  define(g, spec, step.moves);
  labels_ = g.input("labels", {batch, spec.classes}, DType::f32, Layout::plain, false);
  mask_ = g.input("mask", {batch, spec.classes}, DType::f32, Layout::plain, false);
  loss_ = loss_of(g, "loss", logits_, labels_, mask_, *step.loss);
  PlanOptions options;
  options.stream = spec.stream;
  options.loss = loss_;
  options.loss_gradient = step.loss_weight;
  options.before_backward = [&](Emitter& emit, Slot gradient) { step.update->emit_loss_scale(emit, gradient); };
  options.replicas = step.replicas;
  options.keep = {logits_};
  options.constant = [&](const std::string& name) { return step.update->is_frozen(name); };
  options.after_backward = [&](Emitter& emit) { step.update->emit(emit); };
  program_ = plan(g, options, store, arena);
}

Store Network::make_store(const NetworkSpec& spec, uint64_t seed, bool with_gradients) {
  Graph g(true, spec.dtype, spec.stream.device);
  const Value x = g.input("x", {1, 1, spec.size, spec.size}, spec.dtype, Layout::plain, false);
  build(g, x, spec);
  return Store(g, seed, with_gradients, spec.stream.queue);
}

}  // namespace thorax
