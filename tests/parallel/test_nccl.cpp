// NCCL with one rank. More need a GPU each: thorax doctor --nccl.
#include "parallel/nccl.h"

#include <doctest/doctest.h>

#include <vector>

#include "parallel/rendezvous.h"
#include "tensor/buffer.h"
#include "tensor/capture.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::parallel;

namespace {

// Null: there is none here.
std::shared_ptr<Queue> queue_or_skip() {
  if (nccl_version().empty()) {
    test::skip("built without NCCL");
    return nullptr;
  }
  try {
    return std::make_shared<Queue>();
  } catch (const Error& e) {
    test::skip(e.what());
    return nullptr;
  }
}

}  // namespace

TEST_CASE("nccl: one rank, beside the queue and recorded in a graph, and in the host's memory") {
  const std::shared_ptr<Queue> queue = queue_or_skip();
  if (queue == nullptr) return;
  Socket listener = listen_at("127.0.0.1", 0);
  World world;
  world.host = "127.0.0.1";
  world.port = listener.port();
  const Rendezvous rendezvous(std::move(listener), {});
  const Deadline deadline = Clock::now() + std::chrono::seconds(60);
  Keys keys(world, deadline);
  const std::unique_ptr<Communicator> nccl = make_nccl(world, keys, deadline, queue);
  CHECK(nccl->size() == 1);

  constexpr int64_t count = 100003;
  const Buffer memory(count * sizeof(float), Place::gpu);
  std::vector<float> values(count, 3.0F);
  const Tensor t{memory.data(), {count}, DType::f32, Layout::plain};
  const std::shared_ptr<Queue> side = queue->beside();
  const auto step = [&] {
    side->after(*queue);
    nccl->all_reduce({Device::cuda, 1, side}, t);
    queue->after(*side);
  };
  queue->copy(t.data, values.data(), t.bytes());
  step();
  Capture graph(*queue, step);
  graph.replay();
  graph.replay();
  std::vector<float> found(count);
  queue->copy(found.data(), t.data, t.bytes());
  queue->wait();
  CHECK(found == values);

  nccl->broadcast({values.data(), {count}, DType::f32, Layout::plain}, 0);
  nccl->all_gather({values.data(), {count}, DType::f32, Layout::plain}, {found.data(), {count}, DType::f32, Layout::plain});
  nccl->barrier();
  CHECK(found == values);
}
