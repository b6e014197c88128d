#include "apps/trainer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "apps/training_state.h"
#include "kernels/isa.h"
#include "losses/registry.h"
#include "tests/apps/allocations.h"
#include "tests/device.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr int64_t classes = 3;
constexpr int64_t size = 32;
constexpr int64_t full_batch = 4;
constexpr int64_t small_batch = 3;

// Everything that an update can do at once; "conv1" and "features.conv0" are the stems.
UpdateOptions all_updates(const std::string& model) {
  return {.weight_decay = 1e-4,
          .clip_norm = 0.1,
          .backbone_lr = 0.5,
          .freeze = {model.starts_with("resnet") ? "conv1" : "features.conv0"},
          .average_decay = 0.9};
}

TrainerOptions options(DType dtype, int threads = 2, const std::string& model = "densenet121") {
  TrainerOptions o;
  o.network.model = model;
  o.network.classes = classes;
  o.network.size = size;
  o.network.dtype = dtype;
  o.network.stream = test_stream(threads);
  o.batch = full_batch;
  o.last_batch = small_batch;
  o.validation_batch = full_batch;
  o.loss = make_loss({}, {{"No finding", "A", "B"}, {20, 10, 5}, {40, 40, 40}});
  o.update.weight_decay = 1e-4;
  return o;
}

// Batch number i of an endless epoch; every fourth is a smaller one.
data::Batch batch(int64_t i) {
  data::Batch b;
  b.n = b.of_all = i % 4 == 3 ? small_batch : full_batch;
  const Rng rng(7, static_cast<uint64_t>(i));
  b.pixels.resize(static_cast<size_t>(b.n * size * size));
  for (size_t k = 0; k < b.pixels.size(); ++k) b.pixels[k] = static_cast<uint8_t>(rng.uniform(k, 0, 256));
  b.labels.resize(static_cast<size_t>(b.n * classes));
  for (size_t k = 0; k < b.labels.size(); ++k) b.labels[k] = rng.uniform(k + 1000000, 0, 1) < 0.4F ? 1.0F : 0.0F;
  b.mask.assign(b.labels.size(), 1.0F);
  return b;
}

void steps(Trainer& trainer, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; ++i) trainer.step(batch(i), 0.01 + 0.001 * static_cast<double>(i));
}

// Parameters, momentum and running statistics, byte by byte.
bool same(const Store& a, const Store& b) {
  for (const std::string& name : a.names()) {
    const Tensor x = a.find(name), y = b.find(name);
    if (x.bytes() != y.bytes() || std::memcmp(x.data, y.data, x.bytes()) != 0) return false;
    if (a.momenta() != nullptr && a.is_parameter(name) &&
        std::memcmp(a.momentum(name).data, b.momentum(name).data, x.bytes()) != 0)
      return false;
  }
  return true;
}

std::vector<DType> dtypes() {
  std::vector<DType> all{DType::f32};
  if (test_has_bf16()) all.push_back(DType::bf16);
  if (on_gpu()) all.push_back(DType::f16);  // on a CPU slow, and a test of its own
  return all;
}

// One model of each family.
std::vector<std::pair<DType, std::string>> dtypes_and_models() {
  std::vector<std::pair<DType, std::string>> all;
  for (const DType dtype : dtypes()) {
    for (const char* model : {"densenet121", "resnet18"}) all.emplace_back(dtype, model);
  }
  return all;
}

}  // namespace

TEST_CASE("trainer: a step makes no heap allocation of its own") {
  for (const auto& [dtype, model] : dtypes_and_models()) {
    CAPTURE(model);
    TrainerOptions o = options(dtype, 2, model);
    o.update = all_updates(model);
    Trainer trainer(o);
    steps(trainer, 0, 4);
    const data::Batch full = batch(4), last = batch(7);
    const CountedAllocations allocations;
    trainer.step(full, 0.01);
    trainer.step(last, 0.01);
    const int64_t in_two_steps = allocations.count();
    const auto one_more = std::make_unique<int>(1);
    const int64_t with_one_more = allocations.count();
    CHECK(in_two_steps == 0);
    CHECK(with_one_more == 1);
  }
}

TEST_CASE("trainer: DenseNet-121's arena is at most 5% larger than the largest sum of bytes alive at once") {
  for (const DType dtype : dtypes()) {
    CAPTURE(dtype);
    TrainerOptions o = options(dtype);
    o.network.size = 224;
    o.batch = 8, o.last_batch = 3;
    Trainer trainer(o);
    const auto arena = static_cast<double>(trainer.training_program().arena_bytes());
    const auto live = static_cast<double>(trainer.training_program().live_bytes());
    CHECK(live > 50e6);
    CHECK(arena >= live);
    CHECK(arena <= 1.05 * live);
  }
}

TEST_CASE("trainer: gradients are written, never zeroed and added to") {
  Trainer plain(options(DType::f32)), poisoned(options(DType::f32));
  for (int64_t i = 0; i < 3; ++i) {
    for (const std::string& name : poisoned.store().names()) {
      if (!poisoned.store().is_parameter(name)) continue;
      const Tensor gradient = poisoned.store().gradient(name);
      std::fill_n(gradient.as<float>(), gradient.count(), std::numeric_limits<float>::quiet_NaN());
    }
    steps(plain, i, i + 1), steps(poisoned, i, i + 1);
  }
  CHECK(same(plain.store(), poisoned.store()));
}

TEST_CASE("trainer: twenty steps equal ten, saved and loaded, and ten more, bit for bit") {
  for (const auto& [dtype, model] : dtypes_and_models()) {
    CAPTURE(dtype);
    CAPTURE(model);
    const TemporaryFolder folder;
    const RunPaths run(folder.path());
    Trainer whole(options(dtype, 2, model));
    steps(whole, 0, 20);
    {
      Trainer first(options(dtype, 2, model));
      steps(first, 0, 10);
      save_state(run, {1, 2, 10, 0.5, 37, 0.75, 1}, {{"key", "value"}}, first);
    }
    TrainerOptions other = options(dtype, 2, model);
    other.seed = 99;  // weights of its own, all replaced
    Trainer second(other);
    const auto progress = load_state(run, {{"key", "value"}}, second);
    REQUIRE(progress);
    CHECK(progress->epoch == 1);
    CHECK(progress->batch == 2);
    CHECK(progress->step == 10);
    CHECK(progress->loss_sum == 0.5);
    CHECK(progress->images == 37);
    CHECK(progress->best == 0.75);
    CHECK(progress->best_epoch == 1);
    CHECK(!same(whole.store(), second.store()));
    steps(second, 10, 20);
    CHECK(same(whole.store(), second.store()));
    CHECK_THROWS_WITH_AS(load_state(run, {{"key", "other"}}, second),
                         doctest::Contains("this run was begun with key value, not other"), Error);
  }
}

TEST_CASE("trainer: any number of threads computes the same in fp32 to rounding, and a diverged loss is an error") {
  Trainer one(options(DType::f32, 1)), two(options(DType::f32, 2));
  const double first = one.step(batch(0), 0.0), second = two.step(batch(0), 0.0);
  CHECK(first == doctest::Approx(second).epsilon(1e-5));
  CHECK(std::isfinite(first));
  const Tensor bias = one.store().find("classifier.bias");
  bias.as<float>()[0] = std::numeric_limits<float>::infinity();
  one.store().touch();
  CHECK_THROWS_WITH_AS(one.step(batch(1), 0.1), doctest::Contains("training diverged"), Error);
}

TEST_CASE("trainer: fp16 follows fp32, its loss scale is found and saved") {
  const auto of = [](DType dtype) {
    TrainerOptions o = options(dtype, 2, "resnet18");
    o.update.clip_norm = 1;
    return o;
  };
  Trainer half(of(DType::f16)), single(of(DType::f32));
  for (int64_t i = 0; i < 4; ++i) {
    const double a = half.step(batch(i), 0.01), b = single.step(batch(i), 0.01);
    CHECK(a == doctest::Approx(b).epsilon(0.01));
  }
  CHECK(single.loss_scale() == nullptr);
  REQUIRE(half.loss_scale() != nullptr);
  const float* scale = half.loss_scale()->values().as<float>();
  CHECK(scale[2] < 4);  // steps skipped
  CHECK(scale[0] == std::ldexp(65536.0F, -static_cast<int>(scale[2])));
  half.loss_scale()->values().as<float>()[0] = 128;
  half.loss_scale()->touch();
  const TemporaryFolder folder;
  const RunPaths run(folder.path());
  save_state(run, {1, 2, 4, 0, 0, 0, 0}, {}, half);
  Trainer resumed(of(DType::f16));
  REQUIRE(load_state(run, {}, resumed));
  CHECK(resumed.loss_scale()->values().as<float>()[0] == 128);
  steps(half, 4, 6), steps(resumed, 4, 6);
  CHECK(same(half.store(), resumed.store()));
}

TEST_CASE("trainer: what is done meanwhile is done once, and a batch that was staged gives the same bits") {
  for (const DType dtype : {DType::f32, DType::f16}) {
    Trainer plain(options(dtype)), staged(options(dtype));
    int64_t called = 0;
    data::Batch current = batch(0), next;
    for (int64_t i = 0; i < 9; ++i) {
      const double rate = 0.01 + 0.001 * static_cast<double>(i);
      plain.step(batch(i), rate);
      staged.step(current, rate, [&] {
        ++called;
        next = batch(i + 1);
        if (i % 3 != 2) staged.stage(next);  // one in three comes the other way
      });
      std::swap(current, next);
    }
    CHECK(called == 9);
    CHECK(same(plain.store(), staged.store()));
    CHECK_THROWS_WITH_AS(staged.step(current, 0.01, [] { throw Error(Fault::input, "no image"); }), "no image", Error);
  }
}

TEST_CASE("trainer: images that the step moves give the bits of images that were moved before") {
  TrainerOptions o = options(DType::f32);
  Trainer before(o);
  o.moves_images = true;
  Trainer in_step(o);
  for (int64_t i = 0; i < 5; ++i) {
    data::Batch plain = batch(i), moved = plain;
    for (int64_t n = 0; n < plain.n; ++n) {
      const data::Transform t{n % 2 == 0, 3.0 * static_cast<double>(n + i), 1.1, 1.5, -2};
      plain.moves.push_back(data::map_of(t));
      const auto begin = plain.pixels.begin() + n * size * size;
      const std::vector<uint8_t> image = data::transformed({begin, begin + size * size}, size, t);
      std::copy(image.begin(), image.end(), moved.pixels.begin() + n * size * size);
    }
    CHECK(before.step(moved, 0.01) == in_step.step(plain, 0.01));
  }
  CHECK(same(before.store(), in_step.store()));
  CHECK_THROWS_WITH_AS(in_step.step(batch(0), 0.01), doctest::Contains("with 0 moves"), Error);
}

TEST_CASE("trainer: clipping, groups, frozen layers and averaged weights resume bit for bit") {
  const TemporaryFolder folder;
  const RunPaths run(folder.path());
  TrainerOptions o = options(DType::f32);
  o.update = all_updates("densenet121");
  Trainer whole(o), plain(options(DType::f32));
  steps(whole, 0, 12), steps(plain, 0, 12);
  CHECK(!same(whole.store(), plain.store()));
  {
    Trainer first(o);
    steps(first, 0, 6);
    save_state(run, {1, 2, 6, 0, 0, 0, 0}, {}, first);
  }
  o.seed = 99;
  Trainer second(o);
  REQUIRE(load_state(run, {}, second));
  CHECK(!same(*second.average(), *whole.average()));
  steps(second, 6, 12);
  CHECK(same(whole.store(), second.store()));
  CHECK(same(*whole.average(), *second.average()));
  CHECK(!same(whole.evaluated(), Network::make_store(o.network, 1, false)));
  // A state without averages is not enough for a run that has them.
  save_state(run, {1, 2, 6, 0, 0, 0, 0}, {}, plain);
  CHECK_THROWS_WITH_AS(load_state(run, {}, second), doctest::Contains(".average is missing"), Error);
}

TEST_CASE("trainer: validation runs with the averaged weights") {
  TrainerOptions o = options(DType::f32);
  o.update.average_decay = 0.9;
  Trainer averaged(o), plain(options(DType::f32));
  steps(averaged, 0, 3), steps(plain, 0, 3);
  CHECK(same(averaged.store(), plain.store()));
  const auto predict = [](Trainer& trainer) {
    const data::Batch b = batch(0);
    std::copy(b.pixels.begin(), b.pixels.end(), trainer.validation().bytes().as<uint8_t>());
    trainer.validation().run();
    const float* p = trainer.validation().probabilities().as<float>();
    return std::vector<float>(p, p + full_batch * classes);
  };
  const std::vector<float> first = predict(averaged), other = predict(plain);
  CHECK(first != other);
  steps(averaged, 3, 4);
  CHECK(predict(averaged) != first);  // packed copies of the old average are not used again
}

TEST_CASE("trainer: on a GPU the second step of a batch size is recorded, and replays have the bits of steps one by one") {
  if (!on_gpu()) return skip("needs a GPU");
  for (const DType dtype : dtypes()) {
    TrainerOptions o = options(dtype);
    o.update = all_updates("densenet121");
    Trainer replayed(o), one_by_one(o);
    one_by_one.training_program().set_replay(false);
    steps(replayed, 0, 1);
    CHECK(!replayed.training_program().replays());
    steps(replayed, 1, 9);
    steps(one_by_one, 0, 9);
    CHECK(replayed.training_program().replay_obstacle().empty());
    CHECK(replayed.training_program().replays());
    CHECK(!one_by_one.training_program().replays());
    CHECK(same(replayed.store(), one_by_one.store()));
    CHECK(same(*replayed.average(), *one_by_one.average()));
    // What the host changes between steps is seen by a replay.
    for (Trainer* t : {&replayed, &one_by_one}) {
      for (const std::string& name : t->store().names()) {
        const Tensor parameter = t->store().find(name);
        if (t->store().is_parameter(name)) std::memset(parameter.data, 0, parameter.bytes());
      }
      t->store().touch();
      steps(*t, 9, 11);
    }
    CHECK(same(replayed.store(), one_by_one.store()));
  }
}
