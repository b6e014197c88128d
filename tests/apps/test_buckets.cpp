// Gradients summed over the ranks in pieces, beside the backward pass.
#ifndef THORAX_WITHOUT_GLOO
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "apps/network.h"
#include "tensor/rng.h"
#include "tests/ranks.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr int64_t most = int64_t{1} << 40;  // one piece

NetworkSpec spec() {
  NetworkSpec s;
  s.model = "resnet18";
  s.classes = 3;
  s.size = 64;
  return s;
}

struct Result {
  std::vector<float> parameters;
  int64_t sums = 0;    // over the ranks, in a step
  int64_t hidden = 0;  // those that begin before backward has ended
  bool operator==(const Result&) const = default;
};

// Three steps of one rank; in the second rank 1 has no images.
Result train(Communicator& communicator, int64_t bucket_bytes, const std::vector<std::string>& freeze) {
  Store store = Network::make_store(spec(), 1, true);
  Arena arena;
  Update update(store, nullptr, {.clip_norm = 1, .backbone_lr = 0.5, .freeze = freeze});
  const LossTable loss(3);
  const Replicas replicas{&communicator, std::vector<int64_t>(static_cast<size_t>(communicator.size()), 2), false, bucket_bytes};
  Network net(spec(), 2, store, arena, {&loss, &update, nullptr, replicas});
  for (int64_t step = 0; step < 3; ++step) {
    const Rng rng(static_cast<uint64_t>(step), static_cast<uint64_t>(communicator.rank()));
    for (int64_t i = 0; i < net.bytes().count(); ++i)
      net.bytes().as<uint8_t>()[i] = static_cast<uint8_t>(rng.bits(static_cast<uint64_t>(i)) & 255U);
    std::fill_n(net.labels().as<float>(), net.labels().count(), static_cast<float>(communicator.rank() % 2));
    std::fill_n(net.mask().as<float>(), net.mask().count(), 1.0F);
    update.prepare(0.01, step);
    if (step == 1 && communicator.rank() == 1)
      net.run_idle();
    else
      net.run();
  }
  Result r;
  r.parameters.assign(store.parameters(), store.parameters() + store.flat_count());
  const std::vector<Step>& steps = net.program().steps();
  const auto is_sum = [](const Step& s) { return s.name == "all_reduce"; };
  const auto last = std::find_if(steps.rbegin(), steps.rend(), [](const Step& s) { return s.name.find("conv1") == 0; });
  r.sums = std::count_if(steps.begin(), steps.end(), is_sum);
  r.hidden = std::count_if(steps.begin(), last.base(), is_sum);
  return r;
}

std::vector<Result> train_in(int ranks, int64_t bucket_bytes, const std::vector<std::string>& freeze = {}) {
  std::vector<Result> all(static_cast<size_t>(ranks));
  with_ranks(ranks, [&](parallel::Group& group) {
    all[static_cast<size_t>(group.world().rank)] = train(group.communicator(), bucket_bytes, freeze);
    group.leave();
  });
  return all;
}

}  // namespace

TEST_CASE("buckets: two ranks take the same steps, bit for bit, whatever the pieces") {
  const std::vector<Result> whole = train_in(2, most);
  CHECK(whole[0].sums == 1);
  CHECK(whole[0].hidden == 0);
  for (const int64_t bytes : {int64_t{1}, int64_t{1} << 20, int64_t{8} << 20}) {
    CAPTURE(bytes);
    const std::vector<Result> pieces = train_in(2, bytes);
    CHECK(pieces[0] == pieces[1]);
    CHECK(pieces[0].parameters == whole[0].parameters);
    CHECK(pieces[0].sums > 4);
    CHECK(pieces[0].hidden >= pieces[0].sums - 1 - (bytes == 1 ? 2 : 0));  // all but the stem's
  }
}

TEST_CASE("buckets: three ranks have the same bits as each other and each time, frozen parameters are no part of any") {
  const std::vector<Result> first = train_in(3, int64_t{1} << 20, {"layer2", "conv1"});
  CHECK(first[0] == first[1]);
  CHECK(first[0] == first[2]);
  CHECK(train_in(3, int64_t{1} << 20, {"layer2", "conv1"}) == first);
}

#endif
