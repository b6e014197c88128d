#include "parallel/staged.h"

#include <functional>
#include <utility>

#include "tensor/buffer.h"
#include "tensor/queue.h"

namespace thorax::parallel {

struct Staged::Job {
  std::shared_ptr<Queue> queue;  // its failure
  Buffer from, to;               // from: empty where the operation is in place
  std::function<void()> work{};

  static void run(void* job) {
    auto& self = *static_cast<Job*>(job);
    Failure& failure = self.queue->failure();
    if (failure.is_set()) return;
    try {
      self.work();
    } catch (...) {
      failure.set(std::current_exception());
    }
  }
};

Staged::Staged(std::unique_ptr<Communicator> host) : host_(std::move(host)) {}
Staged::~Staged() = default;

void Staged::put(Kind kind, const Stream& on, const Tensor& from, const Tensor& to, int root) {
  if (from.count() == 0) return;
  std::unique_ptr<Job>& job = jobs_[{kind, from.data, to.data, to.bytes(), root}];
  if (job == nullptr) {
    const bool in_place = from.data == to.data;
    job = std::make_unique<Job>(
        Job{on.queue, in_place ? Buffer() : Buffer(from.bytes(), Place::pinned), Buffer(to.bytes(), Place::pinned)});
    Tensor x = from, y = to;
    y.data = job->to.data();
    x.data = in_place ? y.data : job->from.data();
    job->work = [host = host_.get(), kind, x, y, root] {
      if (kind == Kind::all_reduce) host->all_reduce(y);
      if (kind == Kind::broadcast) host->broadcast(y, root);
      if (kind == Kind::all_gather) host->all_gather(x, y);
    };
  }
  on.queue->copy(job->from.data() != nullptr ? job->from.data() : job->to.data(), from.data, from.bytes());
  on.queue->call(Job::run, job.get());
  on.queue->copy(to.data, job->to.data(), to.bytes());
}

void Staged::all_reduce(const Stream& on, const Tensor& t) {
  if (on.queue == nullptr) return host_->all_reduce(on, t);
  put(Kind::all_reduce, on, t, t, 0);
}

void Staged::broadcast(const Stream& on, const Tensor& t, int root) {
  if (on.queue == nullptr) return host_->broadcast(on, t, root);
  put(Kind::broadcast, on, t, t, root);
}

void Staged::all_gather(const Stream& on, const Tensor& from, const Tensor& to) {
  if (on.queue == nullptr) return host_->all_gather(on, from, to);
  put(Kind::all_gather, on, from, to, 0);
}

}  // namespace thorax::parallel
