// Two processes that share a GPU, by gloo through page-locked memory.
#ifndef THORAX_WITHOUT_GLOO
#include "parallel/staged.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "parallel/group.h"
#include "parallel/launcher.h"
#include "tensor/buffer.h"
#include "tensor/capture.h"
#include "tests/ranks.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::parallel;

namespace {

constexpr const char* is_copy = "THORAX_TEST_SHARED_GPU";
constexpr int64_t count = 100003;

Tensor view(void* data, int64_t n) {
  return {data, {n}, DType::f32, Layout::plain};
}

// 0: right; an exit code that says what is not.
int rank_on_shared_gpu() {
  const World world = *world_of_environment();
  const auto queue = std::make_shared<Queue>();
  const Stream stream{Device::cuda, 1, queue};
  Group group(world, [](int, const std::string&) { _exit(20); });
  Communicator& c = group.connect(stream);
  if (c.name() != "gloo through page-locked memory") return 10;
  const Buffer memory(count * sizeof(float), Place::gpu), all(2 * count * sizeof(float), Place::gpu);
  const Tensor t = view(memory.data(), count);
  const Stream side{Device::cuda, 1, queue->beside()};
  const auto step = [&] {  // t becomes the sum, beside the queue
    side.queue->after(*queue);
    c.all_reduce(side, t);
    queue->after(*side.queue);
  };
  std::vector<float> values(count, static_cast<float>(world.rank + 1)), found(count), gathered(2 * count);
  queue->copy(t.data, values.data(), t.bytes());
  step();
  queue->wait();
  Capture graph(*queue, step);
  graph.replay();
  graph.replay();
  queue->copy(found.data(), t.data, t.bytes());
  queue->wait();
  if (found != std::vector<float>(count, 12)) return 11;  // 1 + 2, doubled twice
  c.broadcast(stream, t, 1);
  c.all_gather(stream, t, view(all.data(), 2 * count));
  queue->copy(gathered.data(), all.data(), all.bytes());
  queue->wait();
  if (gathered != std::vector<float>(2 * count, 12)) return 12;
  group.leave();
  return 0;
}

struct Copy {  // copies never come to main()
  Copy() {
    if (std::getenv(is_copy) == nullptr || std::getenv("RANK") == nullptr) return;
    try {
      _exit(rank_on_shared_gpu());
    } catch (const std::exception&) {
      _exit(21);
    }
  }
} copy;

}  // namespace

TEST_CASE("staged: two processes share a GPU, one by one and in a graph") {
  const CudaReport report = cuda_report();
  if (!report.obstacle.empty()) return test::skip(report.obstacle);
  setenv(is_copy, "1", 1);
  const Ending end = run_ranks(2, {}, [] { return 0; });
  unsetenv(is_copy);
  CHECK(end.rank == -1);
  CHECK(end.code == 0);
  CHECK(end.signal == 0);
}

TEST_CASE("staged: what lies in the host's memory goes straight through") {
  test::with_ranks(2, [](Group& group) {
    struct Borrowed final : Communicator {
      explicit Borrowed(Communicator& c) : of(c) {}
      int rank() const override { return of.rank(); }
      int size() const override { return of.size(); }
      std::string name() const override { return of.name(); }
      void all_reduce(const Stream& on, const Tensor& t) override { of.all_reduce(on, t); }
      void broadcast(const Stream& on, const Tensor& t, int root) override { of.broadcast(on, t, root); }
      void all_gather(const Stream& on, const Tensor& from, const Tensor& to) override { of.all_gather(on, from, to); }
      void barrier() override { of.barrier(); }
      Communicator& of;
    };
    Staged staged(std::make_unique<Borrowed>(group.communicator()));
    Communicator& c = staged;
    std::vector<float> v{static_cast<float>(staged.rank()), 1}, all(4);
    c.all_reduce(view(v.data(), 2));
    c.all_gather(view(v.data(), 2), view(all.data(), 4));
    group.leave();
    CHECK(all == std::vector<float>{1, 2, 1, 2});
  });
}

#endif
