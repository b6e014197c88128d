// What goes wrong in one thread, kept for another that waits for it.
#pragma once

#include <exception>
#include <mutex>
#include <utility>

namespace thorax {

class Failure {
 public:
  // The first is kept: what follows is a consequence.
  void set(std::exception_ptr what) {
    const std::scoped_lock lock(mutex_);
    if (!first_) first_ = std::move(what);
  }
  bool is_set() const {
    const std::scoped_lock lock(mutex_);
    return first_ != nullptr;
  }
  // Throws it, once; nothing where there is none.
  void rethrow() {
    std::exception_ptr what;
    {
      const std::scoped_lock lock(mutex_);
      what = std::exchange(first_, nullptr);
    }
    if (what) std::rethrow_exception(what);
  }

 private:
  mutable std::mutex mutex_;
  std::exception_ptr first_;
};

}  // namespace thorax
