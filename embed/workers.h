// Threads of a session's own, or the host's, or none: a list of items, each done once, by whoever is free.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>

#include "embed/thorax.h"

namespace thorax::embed {

constexpr int max_threads = 64;
constexpr size_t stack_bytes = size_t{256} << 10;

class Workers {
 public:
  // Item number `item`, done by worker number `worker` of 0...threads-1.
  using Task = void (*)(void* context, int item, int worker);

  // stacks: (threads - 1) * stack_bytes, aligned to a page; not used with the host's parallel. false: no thread can be had.
  bool start(int threads, const thorax_host& host, unsigned char* stacks);
  void stop();
  void forget() { started_ = 0; }  // in a child process, where the threads are not
  bool has_threads() const { return started_ > 0; }
  int threads() const { return threads_; }
  // In how many pieces to cut what costs extra at every cut: more than threads, of which others may hold up one.
  static int pieces(int threads) { return threads == 1 ? 1 : 2 * threads; }

  // false: cancelled, and some items were left out.
  bool run(int items, Task task, void* context);
  void cancel() { cancelled_.store(true); }
  bool take_cancelled() { return cancelled_.exchange(false); }

 private:
  bool start_one(unsigned char* stack);
  static void* thread_main(void* self);
  static void host_task(void* self, int worker);
  void serve(int worker);
  void work(int worker);
  void run_own();

  thorax_host host_;
  int threads_, started_;
  pthread_t thread_[max_threads];
  pthread_mutex_t mutex_;
  pthread_cond_t begin_, end_;
  Task task_;
  void* context_;
  int items_;
  std::atomic<int> numbered_, next_, busy_;
  std::atomic<unsigned> generation_;
  std::atomic<bool> cancelled_, leave_;
};

}  // namespace thorax::embed
