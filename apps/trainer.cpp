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

Error diverged(const std::string& where) {
  return {Fault::input, "training diverged in " + where,
          "a lower --max-lr helps, or --dtype fp32 where it was bf16; the last checkpoint is unharmed"};
}

Trainer::Trainer(const TrainerOptions& o)
    : options_(o),
      store_(Network::make_store(o.network, o.seed, true)),
      // The same seed: the average begins as the weights do.
      average_(o.update.average_decay > 0 ? std::optional(Network::make_store(o.network, o.seed, false)) : std::nullopt),
      update_(store_, average(), o.update) {
  full_ = std::make_unique<Network>(o.network, o.batch, store_, arena_, o.loss, update_);
  if (o.last_batch > 0) last_ = std::make_unique<Network>(o.network, o.last_batch, store_, arena_, o.loss, update_);
  if (o.validation_batch > 0) validation_ = std::make_unique<Network>(o.network, o.validation_batch, evaluated(), arena_);
}

double Trainer::step(const data::Batch& batch, double learning_rate) {
  Network& net = batch.n == options_.batch ? *full_ : *last_;
  load(net, batch);
  std::copy(batch.labels.begin(), batch.labels.end(), net.labels().as<float>());
  std::copy(batch.mask.begin(), batch.mask.end(), net.mask().as<float>());
  update_.prepare(learning_rate, steps_);
  net.run();
  ++steps_;
  const double loss = static_cast<double>(net.loss());
  if (!std::isfinite(loss)) {
    throw diverged(str("step ", steps_, ": the loss is ", loss, " at a learning rate of ", learning_rate));
  }
  return loss;
}

}  // namespace thorax
