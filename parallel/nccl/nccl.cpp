#include "parallel/nccl.h"

#include <nccl.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "tensor/buffer.h"

namespace thorax::parallel {

namespace {

constexpr std::chrono::milliseconds tick{250};
// An abort waits at most so long for a call that is on its way, then ends it.
constexpr std::chrono::seconds call_limit{5};
constexpr size_t alignment = 256;

CommunicationError failed(const std::string& what, ncclResult_t result, ncclComm_t comm) {
  const char* more = ncclGetLastError(comm);
  return CommunicationError(
      str("NCCL: ", what, ": ", ncclGetErrorString(result), more != nullptr && *more != '\0' ? str(" (", more, ')') : ""));
}

ncclUniqueId shared_id(const World& world, Keys& keys, Deadline deadline) {
  ncclUniqueId id{};
  if (world.rank == 0) {
    const ncclResult_t made = ncclGetUniqueId(&id);
    if (made != ncclSuccess) throw failed("an id for this training", made, nullptr);
    keys.set("nccl/id", std::string(id.internal, sizeof id.internal));
    return id;
  }
  const std::string text = keys.get("nccl/id", deadline);
  if (text.size() != sizeof id.internal) throw CommunicationError("NCCL: rank 0's id has another length: is it another version?");
  text.copy(id.internal, sizeof id.internal);
  return id;
}

class Nccl final : public Communicator {
 public:
  Nccl(const World& world, Keys& keys, Deadline deadline, const std::shared_ptr<Queue>& queue)
      : rank_(world.rank), size_(world.size), queue_(queue), own_{Device::cuda, 1, queue->beside()} {
    const ncclUniqueId id = shared_id(world, keys, deadline);
    const ncclResult_t made = ncclCommInitRank(&comm_, size_, id, rank_);
    if (made != ncclSuccess) throw failed("the GPUs do not reach each other", made, nullptr);
    watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  }

  ~Nccl() override {
    watch_ = {};  // ends it
    if (reason_.empty()) ncclCommDestroy(comm_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name() const override { return "NCCL " + nccl_version(); }

  void all_reduce(const Stream& on, const Tensor& t) override {
    if (t.count() == 0) return;
    if (on.queue == nullptr) return by_way_of_gpu(t, t, [this](const Tensor& x, const Tensor&) { all_reduce(own_, x); });
    call("all_reduce", [&] {
      return ncclAllReduce(t.data, t.data, static_cast<size_t>(t.count()), ncclFloat32, ncclSum, comm_, on.queue->handle());
    });
  }

  void broadcast(const Stream& on, const Tensor& t, int root) override {
    if (t.count() == 0) return;
    if (on.queue == nullptr)
      return by_way_of_gpu(t, t, [this, root](const Tensor& x, const Tensor&) { broadcast(own_, x, root); });
    call("broadcast", [&] { return ncclBroadcast(t.data, t.data, t.bytes(), ncclUint8, root, comm_, on.queue->handle()); });
  }

  void all_gather(const Stream& on, const Tensor& from, const Tensor& to) override {
    if (to.bytes() != from.bytes() * static_cast<size_t>(size_))
      throw Error(Fault::defect, str("all_gather: from is ", from.shape, ", to ", to.shape, ", for ", size_, " ranks"));
    if (from.count() == 0) return;
    if (on.queue == nullptr) return by_way_of_gpu(from, to, [this](const Tensor& x, const Tensor& y) { all_gather(own_, x, y); });
    call("all_gather", [&] { return ncclAllGather(from.data, to.data, from.bytes(), ncclUint8, comm_, on.queue->handle()); });
  }

  void barrier() override {
    float one = 1;
    all_reduce(Stream{}, {&one, {1}, DType::f32, Layout::plain});
  }

 private:
  template <class Operation>
  void call(const char* what, const Operation& operation) {
    const std::scoped_lock lock(calls_);
    if (!reason_.empty()) throw CommunicationError(reason_);
    const ncclResult_t result = operation();
    if (result != ncclSuccess) throw failed(what, result, comm_);
  }

  // from, to: of the host; they may be the same.
  template <class Operation>
  void by_way_of_gpu(const Tensor& from, const Tensor& to, const Operation& operation) {
    const size_t second = from.data == to.data ? 0 : (from.bytes() + alignment - 1) / alignment * alignment;
    if (scratch_.bytes() < second + to.bytes()) scratch_ = Buffer(), scratch_ = Buffer(second + to.bytes(), Place::gpu);
    Tensor x = from, y = to;
    x.data = scratch_.data();
    y.data = scratch_.data() + second;
    own_.queue->copy(x.data, from.data, from.bytes());
    operation(x, y);
    own_.queue->copy(to.data, y.data, to.bytes());
    own_.queue->wait();
  }

  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ncclResult_t state = ncclSuccess;
      const ncclResult_t asked = ncclCommGetAsyncError(comm_, &state);
      if (asked != ncclSuccess) state = asked;
      if (state != ncclSuccess && state != ncclInProgress) return abort(state);
      std::this_thread::sleep_for(tick);
    }
  }

  // Kernels that wait for the others end with it: the reason has to be there before.
  void abort(ncclResult_t state) {
    const CommunicationError error = failed("the connection to another rank is lost", state, comm_);
    queue_->failure().set(std::make_exception_ptr(error));
    std::unique_lock lock(calls_, call_limit);
    reason_ = error.what();
    ncclCommAbort(comm_);
  }

  int rank_, size_;
  std::shared_ptr<Queue> queue_;
  Stream own_;  // what goes by way of the GPU
  Buffer scratch_;
  ncclComm_t comm_ = nullptr;
  std::timed_mutex calls_;
  std::string reason_;  // of the abort
  std::jthread watch_;
};

}  // namespace

std::string nccl_version() {
  int v = 0;
  if (ncclGetVersion(&v) != ncclSuccess) return {};
  return str(v / 10000, '.', v / 100 % 100, '.', v % 100);
}

std::unique_ptr<Communicator> make_nccl(const World& world, Keys& keys, Deadline deadline, const std::shared_ptr<Queue>& queue) {
  return std::make_unique<Nccl>(world, keys, deadline, queue);
}

}  // namespace thorax::parallel
