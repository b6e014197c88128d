#include "parallel/gloo.h"

#include <gloo/allgather.h>
#include <gloo/allreduce.h>
#include <gloo/barrier.h>
#include <gloo/broadcast.h>
#include <gloo/rendezvous/context.h>
#include <gloo/transport/tcp/device.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <vector>

namespace thorax::parallel {

namespace {

// Longest wait for another rank within one operation: it may be writing a checkpoint or reading a slow disk. Ranks that are
// gone or stopped are found sooner, by the rendezvous.
constexpr std::chrono::minutes patience{10};

std::chrono::milliseconds left_until(Deadline deadline) {
  return std::max(std::chrono::milliseconds(1), std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
}

// The keys as gloo wants them.
class Store final : public gloo::rendezvous::Store {
 public:
  Store(Keys& keys, Deadline deadline) : keys_(keys), deadline_(deadline) {}
  void set(const std::string& key, const std::vector<char>& data) override {
    keys_.set("gloo/" + key, std::string(data.begin(), data.end()));
  }
  std::vector<char> get(const std::string& key) override {
    const std::string value = keys_.get("gloo/" + key, deadline_);
    return {value.begin(), value.end()};
  }
  void wait(const std::vector<std::string>& keys) override {
    for (const std::string& key : keys) get(key);
  }

 private:
  Keys& keys_;
  Deadline deadline_;
};

void add(void* to, const void* a, const void* b, size_t count) {
  auto* sum = static_cast<float*>(to);
  const auto* left = static_cast<const float*>(a);
  const auto* right = static_cast<const float*>(b);
  for (size_t i = 0; i < count; ++i) sum[i] = left[i] + right[i];
}

class Gloo final : public Communicator {
 public:
  Gloo(const World& world, Keys& keys, Deadline deadline) : rank_(world.rank), size_(world.size) {
    // gloo writes to connections whose other side may be gone, and means to hear of it.
    std::signal(SIGPIPE, SIG_IGN);
    gloo::transport::tcp::attr place;
    place.hostname = keys.address();
    std::shared_ptr<gloo::transport::Device> device = gloo::transport::tcp::CreateDevice(place);
    auto context = std::make_shared<gloo::rendezvous::Context>(rank_, size_);
    context->setTimeout(left_until(deadline));
    Store store(keys, deadline);
    context->connectFullMesh(store, device);
    context->setTimeout(patience);
    context_ = context;
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name() const override { return "gloo"; }

  void all_reduce(const Stream&, const Tensor& t) override {
    if (t.count() == 0) return;
    attempt([&] {
      gloo::AllreduceOptions o(context_);
      // Every sum is made in one place and handed round: the same bits everywhere, whatever the timing.
      o.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
      o.setOutput(t.as<float>(), static_cast<size_t>(t.count()));
      o.setReduceFunction(add);
      o.setTag(next_++);
      gloo::allreduce(o);
    });
  }

  void broadcast(const Stream&, const Tensor& t, int root) override {
    if (t.count() == 0) return;
    attempt([&] {
      gloo::BroadcastOptions o(context_);
      o.setOutput(static_cast<char*>(t.data), t.bytes());
      o.setRoot(root);
      o.setTag(next_++);
      gloo::broadcast(o);
    });
  }

  void all_gather(const Stream&, const Tensor& from, const Tensor& to) override {
    if (to.bytes() != from.bytes() * static_cast<size_t>(size_))
      throw Error(Fault::defect, str("all_gather: from is ", from.shape, ", to ", to.shape, ", for ", size_, " ranks"));
    if (from.count() == 0) return;
    attempt([&] {
      gloo::AllgatherOptions o(context_);
      o.setInput(static_cast<char*>(from.data), from.bytes());
      o.setOutput(static_cast<char*>(to.data), to.bytes());
      o.setTag(next_++);
      gloo::allgather(o);
    });
  }

  void barrier() override {
    attempt([&] {
      gloo::BarrierOptions o(context_);
      o.setTag(next_++);
      gloo::barrier(o);
    });
  }

 private:
  template <class Operation>
  static void attempt(const Operation& operation) {
    try {
      operation();
    } catch (const std::exception& e) {  // gloo has several kinds
      throw CommunicationError(str("the connection to another rank is lost: ", e.what()));
    }
  }

  int rank_, size_;
  uint32_t next_ = 0;
  std::shared_ptr<gloo::Context> context_;
};

}  // namespace

std::unique_ptr<Communicator> make_gloo(const World& world, Keys& keys, Deadline deadline) {
  try {
    return std::make_unique<Gloo>(world, keys, deadline);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    throw CommunicationError(str("the ranks do not reach each other: ", e.what()));
  }
}

}  // namespace thorax::parallel
