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

Trainer::Trainer(const TrainerOptions& o) : options_(o), store_(Network::make_store(o.network, o.seed, true)) {
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

}  // namespace thorax
