#include "apps/trainer.h"

#include <algorithm>
#include <cmath>

namespace thorax {

namespace {

void load(Network& net, const data::Batch& batch) {
  const Tensor bytes = net.bytes();
  if (static_cast<int64_t>(batch.pixels.size()) > bytes.count()) {
    throw Error(Fault::defect, str("trainer: a batch of ", batch.n, " images for a program of ", net.batch()));
  }
  std::copy(batch.pixels.begin(), batch.pixels.end(), bytes.as<uint8_t>());
}

}  // namespace

Trainer::Trainer(const TrainerOptions& o)
    : options_(o), store_(Network::make_store(o.network, o.seed, true)) {
  scalars_.momentum = static_cast<float>(o.momentum);
  scalars_.weight_decay = static_cast<float>(o.weight_decay);
  scalars_.first = 1;
  full_ = std::make_unique<Network>(o.network, o.batch, store_, arena_, o.loss, &scalars_);
  if (o.last_batch > 0) last_ = std::make_unique<Network>(o.network, o.last_batch, store_, arena_, o.loss, &scalars_);
  if (o.validation_batch > 0) validation_ = std::make_unique<Network>(o.network, o.validation_batch, store_, arena_);
}

double Trainer::step(const data::Batch& batch, double learning_rate) {
  Network& net = batch.n == options_.batch ? *full_ : *last_;
  load(net, batch);
  std::copy(batch.labels.begin(), batch.labels.end(), net.labels().as<float>());
  std::copy(batch.mask.begin(), batch.mask.end(), net.mask().as<float>());
  scalars_.lr = static_cast<float>(learning_rate);
  net.run();
  scalars_.first = 0;
  const double loss = static_cast<double>(net.loss());
  if (!std::isfinite(loss)) {
    throw Error(Fault::machine, str("training diverged: the loss is ", loss, " at a learning rate of ", learning_rate),
                "a lower --max-lr helps; the last checkpoint is unharmed");
  }
  return loss;
}

std::span<const float> Trainer::predict(const data::Batch& batch) {
  load(*validation_, batch);  // a smaller batch leaves old images behind it, whose results nobody reads
  validation_->run();
  return {validation_->probabilities().as<float>(), static_cast<size_t>(batch.n * options_.network.classes)};
}

double Trainer::loss_of_last_prediction(const data::Batch& batch) const {
  std::vector<float> labels(batch.labels), mask(batch.mask), gradient(batch.labels.size());
  const Shape shape{batch.n, options_.network.classes};
  const auto tensor = [&](std::vector<float>& v) { return Tensor{v.data(), shape, DType::f32, Layout::plain}; };
  Tensor logits = validation_->logits();
  logits.shape = shape;
  float loss = 0;
  loss_forward_backward(options_.network.stream, logits, tensor(labels), tensor(mask), options_.loss, &loss, tensor(gradient));
  return static_cast<double>(loss);
}

}  // namespace thorax
