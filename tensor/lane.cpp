#include "tensor/lane.h"

namespace thorax {

Lane::Lane(const Stream& main) : main_(main), stream_{main.device, 1} {
  if (main_.queue != nullptr)
    stream_.queue = main_.queue->beside();
  else
    thread_ = std::jthread([this] { serve(); });
}

Lane::~Lane() {
  const std::scoped_lock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

void Lane::run(std::function<void()> work) {
  if (main_.queue != nullptr) {
    stream_.queue->after(*main_.queue);
    work();
    return;
  }
  const std::scoped_lock lock(mutex_);
  waiting_.push(std::move(work));
  changed_.notify_all();
}

void Lane::join() {
  if (main_.queue != nullptr) return main_.queue->after(*stream_.queue);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !busy_; });
  failure_.rethrow();
}

void Lane::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop();
    busy_ = true;
    lock.unlock();
    try {
      if (!failure_.is_set()) work();
    } catch (...) {
      failure_.set(std::current_exception());
    }
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace thorax
