#include "apps/trainer.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "apps/gathered.h"
#include "tensor/checksum.h"
#include "tensor/communicator.h"

namespace thorax {

namespace {

void check_batch(Network& net, const data::Batch& batch, bool with_moves) {
  if (batch.n > net.batch())
    throw Error(Fault::defect, str("trainer: a batch of ", batch.n, " images for a program of ", net.batch()));
  if (batch.moves.size() != (with_moves ? static_cast<size_t>(batch.n) : 0))
    throw Error(Fault::defect, str("trainer: a batch of ", batch.n, " images with ", batch.moves.size(), " moves"));
}

// Gradients of fp16 vanish or overflow without a loss scale.
UpdateOptions update_options(const TrainerOptions& o) {
  UpdateOptions update = o.update;
  update.loss_scaling = update.loss_scaling || o.network.dtype == DType::f16;
  return update;
}

}  // namespace

Error diverged(const std::string& where) {
  return {Fault::input, "training diverged in " + where,
          "a lower --max-lr helps, or --dtype fp32 where it was bf16 or fp16; the last checkpoint is unharmed"};
}

Trainer::Trainer(const TrainerOptions& o)
    : options_(o),
      store_(Network::make_store(o.network, o.seed, true)),
      // The same seed: the average begins as the weights do.
      average_(o.update.average_decay > 0 ? std::optional(Network::make_store(o.network, o.seed, false)) : std::nullopt),
      update_(store_, average(), update_options(o)) {
  if (o.moves_images) moves_.resize(static_cast<size_t>(std::max<int64_t>(1, own_share(o.batch))));
  full_ = step_network(o.batch);
  if (o.network.stream.queue != nullptr)
    input_.emplace(o.network.stream.queue, static_cast<size_t>(own_share(o.batch) * o.network.size * o.network.size));
  if (o.last_batch > 0) last_ = step_network(o.last_batch);
  if (o.validation_batch > 0)
    validation_ = std::make_unique<Network>(o.network, std::max<int64_t>(1, own_share(o.validation_batch)), evaluated(), arena_);
}

int64_t Trainer::own_share(int64_t images) const {
  const Communicator* c = options_.communicator;
  return c == nullptr ? images : share_of(images, c->rank(), c->size()).count;
}

// A rank without images has a program, too: the joint steps of one of a single image.
std::unique_ptr<Network> Trainer::step_network(int64_t images) {
  StepSpec step{&options_.loss, &update_, &loss_weight_, {}, moves_.empty() ? nullptr : moves_.data()};
  if (Communicator* c = options_.communicator) {
    step.replicas = {c, {}, options_.sync_batch_norm};
    for (int r = 0; r < c->size(); ++r) step.replicas.images.push_back(share_of(images, r, c->size()).count);
  }
  return std::make_unique<Network>(options_.network, std::max<int64_t>(1, own_share(images)), store_, arena_, step);
}

void Trainer::stage(const data::Batch& next) {
  if (!input_ || next.pixels.empty()) return;
  input_->send(std::as_bytes(std::span(next.pixels)));
  staged_pixels_ = next.pixels.data();
}

void Trainer::load_pixels(Network& net, const data::Batch& batch) {
  const std::byte* const staged = input_ ? input_->take() : nullptr;
  if (staged != nullptr && staged_pixels_ == batch.pixels.data())
    net.take_bytes(staged);
  else
    std::copy(batch.pixels.begin(), batch.pixels.end(), net.bytes().as<uint8_t>());
  staged_pixels_ = nullptr;
}

double Trainer::step(const data::Batch& batch, double learning_rate, const std::function<void()>& meanwhile) {
  Network& net = batch.of_all == options_.batch ? *full_ : *last_;
  check_batch(net, batch, options_.moves_images);
  std::copy(batch.moves.begin(), batch.moves.end(), moves_.begin());
  load_pixels(net, batch);
  std::copy(batch.labels.begin(), batch.labels.end(), net.labels().as<float>());
  std::copy(batch.mask.begin(), batch.mask.end(), net.mask().as<float>());
  update_.prepare(learning_rate, steps_);
  // The loss is the mean over the known labels of all ranks, which may have unequally many.
  const auto known = static_cast<double>(std::count_if(batch.mask.begin(), batch.mask.end(), [](float m) { return m != 0; }));
  const double all_known = sum_of_ranks(options_.communicator, known);
  loss_weight_ = all_known > 0 ? static_cast<float>(known / all_known) : 0.0F;
  if (batch.n > 0)
    net.run(meanwhile);
  else
    net.run_idle(meanwhile);
  ++steps_;
  const double own = batch.n > 0 && known > 0 ? static_cast<double>(net.loss()) * static_cast<double>(loss_weight_) : 0.0;
  const double loss = sum_of_ranks(options_.communicator, own);
  if (!std::isfinite(loss)) {
    throw diverged(str("step ", steps_, ": the loss is ", loss, " at a learning rate of ", learning_rate));
  }
  return loss;
}

void Trainer::share(bool all) {
  Communicator* const c = options_.communicator;
  if (c == nullptr) return;
  const auto from_rank_0 = [&](Store& store, bool momenta) {
    for (const std::string& name : store.names()) {
      if (all || !store.is_parameter(name)) c->broadcast(store.find(name), 0);
      if (all && momenta && store.is_parameter(name)) c->broadcast(store.momentum(name), 0);
    }
    store.touch();
  };
  from_rank_0(store_, true);
  if (average_) from_rank_0(*average_, false);
  if (all && loss_scale() != nullptr) c->broadcast(loss_scale()->values(), 0), loss_scale()->touch();
}

void Trainer::share_statistics() {
  share(false);
}
void Trainer::share_everything() {
  share(true);
}

void Trainer::check_replicas() {
  if (options_.communicator == nullptr) return;
  Xxh64 hash;
  for (const std::string& name : store_.names()) {
    if (!store_.is_parameter(name)) continue;
    const Tensor t = store_.find(name);
    hash.update(std::as_bytes(std::span(static_cast<const char*>(t.data), t.bytes())));
  }
  const std::vector<uint64_t> all = of_ranks(options_.communicator, hash.digest());
  for (size_t r = 1; r < all.size(); ++r)
    if (all[r] != all[0]) throw Error(Fault::defect, str("rank ", r, " has other parameters than rank 0 behind step ", steps_));
}

}  // namespace thorax
