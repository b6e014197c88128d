// The same steps by one process and by several: threads here, each a rank with a trainer of its own.
#ifndef THORAX_WITHOUT_GLOO
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "apps/trainer.h"
#include "kernels/clip_math.h"
#include "losses/registry.h"
#include "models/densenet.h"
#include "models/resnet.h"
#include "tests/ranks.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr int64_t classes = 3;
constexpr int64_t size = 32;
constexpr int64_t full = 6;   // 4 ranks have unequal shares
constexpr int64_t small = 2;  // some of 3 and 4 ranks have none
constexpr int64_t steps = 10;
constexpr double rate = 0.01;

using Build = std::function<Value(Graph&, Value, int64_t)>;

// With every layer of their families, and small: what is compared are sums of ranks, not models.
const std::vector<std::pair<const char*, Build>>& small_models() {
  static const std::vector<std::pair<const char*, Build>> list{
      {"DenseNet",
       [](Graph& g, Value x, int64_t k) {
         return densenet(g, x, {.layers = {2, 3}, .stem_channels = 32}, k);
       }},
      {"ResNet",
       [](Graph& g, Value x, int64_t k) {
         return resnet(g, x, {.blocks = {1, 1}}, k);
       }},
  };
  return list;
}

TrainerOptions options(const Build& model) {
  TrainerOptions o;
  o.network.build = model;
  o.network.classes = classes;
  o.network.size = size;
  o.network.stream = {Device::cpu, 1};
  o.batch = full;
  o.last_batch = small;
  o.loss = make_loss({}, {{"No finding", "A", "B"}, {20, 10, 5}, {40, 40, 40}});
  o.update.weight_decay = 1e-4;
  o.update.clip_norm = 1;
  o.update.average_decay = 0.9;
  return o;
}

// A rank's share of a batch with unequally many known labels.
data::Batch batch(int64_t i, int rank, int ranks) {
  data::Batch b;
  b.of_all = i % 4 == 3 ? small : full;
  const Share share = share_of(b.of_all, rank, ranks);
  b.first = share.begin;
  b.n = share.count;
  const Rng rng(7, static_cast<uint64_t>(i));
  for (int64_t k = b.first * size * size; k < (b.first + b.n) * size * size; ++k)
    b.pixels.push_back(static_cast<uint8_t>(rng.uniform(static_cast<uint64_t>(k), 0, 256)));
  for (int64_t k = b.first * classes; k < (b.first + b.n) * classes; ++k) {
    const auto at = static_cast<uint64_t>(k);
    b.mask.push_back(rng.uniform(at + 2000000, 0, 1) < 0.7F ? 1.0F : 0.0F);
    b.labels.push_back(b.mask.back() != 0 && rng.uniform(at + 1000000, 0, 1) < 0.4F ? 1.0F : 0.0F);
  }
  return b;
}

double known_labels(const data::Batch& b) {
  return std::accumulate(b.mask.begin(), b.mask.end(), 0.0);
}

using Values = std::vector<float>;

Values flat(const Store& store, const float* values) {
  return {values, values + store.flat_count()};
}

Values running_statistics(const Store& store) {
  Values all;
  for (const std::string& name : store.names()) {
    const Tensor t = store.find(name);
    if (!store.is_parameter(name) && t.dtype == DType::f32) all.insert(all.end(), t.as<float>(), t.as<float>() + t.count());
  }
  return all;
}

// What a training has come to.
struct Course {
  std::vector<double> losses;
  Values start, gradient, after_one, statistics_after_one;  // of and behind the first step
  Values after_all, statistics, average;                    // at the end
  bool operator==(const Course&) const = default;
};

// Every ReLU open: one that turns by rounding changes a gradient by more than rounding does, and ten steps multiply that.
void open_relus(Store& store) {
  for (const std::string& name : store.names()) {
    const bool is_norm = name.ends_with(".bias") && store.find(name.substr(0, name.size() - 4) + "running_mean");
    const Tensor t = store.find(name);
    if (is_norm) std::fill_n(t.as<float>(), t.count(), 6.0F);
  }
  store.touch();
}

Course train(const TrainerOptions& o, int rank, int ranks, bool open) {
  Trainer trainer(o);
  Store& store = trainer.store();
  if (open) open_relus(store);
  Course c;
  c.start = flat(store, store.parameters());
  for (int64_t i = 0; i < steps; ++i) {
    c.losses.push_back(trainer.step(batch(i, rank, ranks), rate));
    if (i > 0) continue;
    c.gradient = flat(store, store.gradients());
    c.after_one = flat(store, store.parameters());
    c.statistics_after_one = running_statistics(store);
  }
  trainer.check_replicas();
  trainer.share_statistics();
  c.after_all = flat(store, store.parameters());
  c.statistics = running_statistics(store);
  c.average = flat(store, trainer.average()->parameters());
  return c;
}

// Each rank's.
std::vector<Course> train_in(int ranks, const Build& model, bool joint, bool open) {
  std::vector<Course> all(static_cast<size_t>(ranks));
  with_ranks(ranks, [&](parallel::Group& group) {
    TrainerOptions o = options(model);
    o.communicator = &group.communicator();
    o.sync_batch_norm = joint;
    const int rank = group.world().rank;
    all[static_cast<size_t>(rank)] = train(o, rank, ranks, open);
    group.leave();
  });
  return all;
}

// |a - b| / |b - origin|.
double distance(const Values& a, const Values& b, const Values& origin) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    norm += std::pow(static_cast<double>(b[i]) - static_cast<double>(origin[i]), 2);
  }
  return std::sqrt(difference / norm);
}

double distance(const Values& a, const Values& b) {
  return distance(a, b, Values(a.size(), 0.0F));
}

// Without joint batch norms, in one process and by other code: every rank's share goes through a trainer that is alone and whose
// learning rate is 0; their gradients are averaged, clipped and followed here, in double but for the parameters.
class Emulation {
 public:
  Emulation(const Build& model, int ranks) {
    for (int r = 0; r < ranks; ++r) {
      TrainerOptions o = options(model);
      o.update = {};
      o.batch = share_of(full, r, ranks).count;
      o.last_batch = share_of(small, r, ranks).count;
      groups_.push_back(std::make_unique<Trainer>(o));
      open_relus(groups_.back()->store());
    }
    const Store& store = groups_[0]->store();
    parameters_ = flat(store, store.parameters());
    momentum_.assign(parameters_.size(), 0.0);
  }

  void step(int64_t i) {
    const std::vector<double> gradient = mean_gradient(i);
    const double norm = std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0));
    const UpdateOptions u = options({}).update;
    const double factor = clip_factor(norm, u.clip_norm);
    for (size_t k = 0; k < gradient.size(); ++k) {
      const auto parameter = static_cast<double>(parameters_[k]);
      momentum_[k] = u.momentum * momentum_[k] + factor * gradient[k] + u.weight_decay * parameter;
      parameters_[k] = static_cast<float>(parameter - rate * momentum_[k]);
    }
  }

  const Values& parameters() const { return parameters_; }
  Values statistics_of_rank_0() const { return running_statistics(groups_[0]->store()); }

 private:
  std::vector<double> mean_gradient(int64_t i) {
    const auto ranks = static_cast<int>(groups_.size());
    std::vector<double> sum(parameters_.size(), 0.0);
    for (int r = 0; r < ranks; ++r) {
      data::Batch own = batch(i, r, ranks);
      if (own.n == 0) continue;
      own.of_all = own.n;
      Trainer& trainer = *groups_[static_cast<size_t>(r)];
      std::copy(parameters_.begin(), parameters_.end(), trainer.store().parameters());
      trainer.store().touch();
      trainer.step(own, 0);
      const double weight = known_labels(own) / known_labels(batch(i, 0, 1));
      for (size_t k = 0; k < sum.size(); ++k) sum[k] += weight * static_cast<double>(trainer.store().gradients()[k]);
    }
    return sum;
  }

  std::vector<std::unique_ptr<Trainer>> groups_;
  Values parameters_;
  std::vector<double> momentum_;
};

}  // namespace

TEST_CASE("replicas: several ranks with joint batch norms take the steps of one process") {
  for (const auto& [name, model] : small_models()) {
    const Course one = train(options(model), 0, 1, true);
    for (const int ranks : {2, 3, 4}) {
      CAPTURE(name);
      CAPTURE(ranks);
      const std::vector<Course> all = train_in(ranks, model, true, true);
      for (const Course& c : all) CHECK(c == all[0]);
      CHECK(distance(all[0].gradient, one.gradient) < 2e-6);
      CHECK(distance(all[0].after_one, one.after_one) < 1e-9);
      CHECK(distance(all[0].statistics_after_one, one.statistics_after_one) < 1e-6);
      CHECK(distance(all[0].after_all, one.after_all, one.start) < 5e-5);
      CHECK(distance(all[0].statistics, one.statistics) < 1e-6);
      CHECK(distance(all[0].average, one.average) < 1e-8);
      for (size_t i = 0; i < one.losses.size(); ++i) CHECK(all[0].losses[i] == doctest::Approx(one.losses[i]).epsilon(1e-4));
    }
  }
}

TEST_CASE("replicas: with batch norms of each rank they take the steps of a process that goes through the same groups") {
  for (const auto& [name, model] : small_models()) {
    for (const int ranks : {2, 3, 4}) {
      CAPTURE(name);
      CAPTURE(ranks);
      const std::vector<Course> all = train_in(ranks, model, false, true);
      for (const Course& c : all) {
        CHECK(c.losses == all[0].losses);
        CHECK(c.gradient == all[0].gradient);
        CHECK(c.after_all == all[0].after_all);
        CHECK(c.statistics == all[0].statistics);
        CHECK(c.average == all[0].average);
      }
      Emulation emulation(model, ranks);
      emulation.step(0);
      CHECK(distance(all[0].after_one, emulation.parameters()) < 1e-9);
      for (int64_t i = 1; i < steps; ++i) emulation.step(i);
      CHECK(distance(all[0].after_all, emulation.parameters(), all[0].start) < 1e-4);
      CHECK(distance(all[0].statistics, emulation.statistics_of_rank_0()) < 1e-6);
    }
  }
}

TEST_CASE(
    "replicas: with ReLUs as they are, the first step is one process's, and a number of ranks gives the same bits each time") {
  const Build& model = small_models()[0].second;
  const Course one = train(options(model), 0, 1, false);
  const std::vector<Course> all = train_in(3, model, true, false);
  CHECK(all[0].losses[0] == doctest::Approx(one.losses[0]).epsilon(1e-5));
  CHECK(distance(all[0].after_one, one.after_one) < 1e-5);
  CHECK(distance(all[0].statistics_after_one, one.statistics_after_one) < 1e-6);
  CHECK(train_in(3, model, true, false) == all);
}

#endif
