#include "embed/workers.h"

#include "embed/calling_thread.h"
#include "embed/isa.h"

namespace thorax::embed {

namespace {

// Waking a sleeping thread takes longer than the gap between two layers.
template <class Condition>
bool comes_soon(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
  return false;
}

}  // namespace

bool Workers::start(int threads, const thorax_host& host, unsigned char* stacks) {
  host_ = host;
  threads_ = threads;
  started_ = 0;
  numbered_ = 1;
  busy_ = 0;
  generation_ = 0;
  cancelled_ = leave_ = false;
  if (host.parallel != nullptr || threads == 1) return true;
  pthread_mutex_init(&mutex_, nullptr);
  pthread_cond_init(&begin_, nullptr);
  pthread_cond_init(&end_, nullptr);
  while (started_ + 1 < threads && start_one(stacks + static_cast<size_t>(started_) * stack_bytes)) ++started_;
  if (started_ + 1 == threads) return true;
  stop();
  return false;
}

bool Workers::start_one(unsigned char* stack) {
  const SignalsLeftOut signals;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  const bool made = pthread_attr_setstack(&attributes, stack, stack_bytes) == 0 &&
                    pthread_create(&thread_[started_], &attributes, thread_main, this) == 0;
  pthread_attr_destroy(&attributes);
  return made;
}

void Workers::stop() {
  if (host_.parallel != nullptr || threads_ == 1) return;
  const Uncancelled uncancelled;
  pthread_mutex_lock(&mutex_);
  leave_ = true;
  generation_.fetch_add(1);
  pthread_cond_broadcast(&begin_);
  pthread_mutex_unlock(&mutex_);
  for (int i = 0; i < started_; ++i) pthread_join(thread_[i], nullptr);
  started_ = 0;
  pthread_cond_destroy(&end_);
  pthread_cond_destroy(&begin_);
  pthread_mutex_destroy(&mutex_);
}

void* Workers::thread_main(void* self) {
  auto* workers = static_cast<Workers*>(self);
  workers->serve(workers->numbered_.fetch_add(1));
  return nullptr;
}

void Workers::serve(int worker) {
  unsigned seen = 0;
  for (;;) {
    if (!comes_soon([&] { return generation_.load() != seen; })) {
      pthread_mutex_lock(&mutex_);
      while (generation_.load() == seen) pthread_cond_wait(&begin_, &mutex_);
      pthread_mutex_unlock(&mutex_);
    }
    seen = generation_.load();
    if (leave_.load()) return;
    work(worker);
    if (busy_.fetch_sub(1) == 1) {
      pthread_mutex_lock(&mutex_);
      pthread_cond_signal(&end_);
      pthread_mutex_unlock(&mutex_);
    }
  }
}

void Workers::work(int worker) {
  const StandardArithmetic arithmetic;
  for (;;) {
    if (cancelled_.load(std::memory_order_relaxed)) return;
    const int item = next_.fetch_add(1);
    if (item >= items_) return;
    task_(context_, item, worker);
  }
}

void Workers::host_task(void* self, int worker) {
  static_cast<Workers*>(self)->work(worker);
}

void Workers::run_own() {
  busy_ = started_;
  pthread_mutex_lock(&mutex_);
  generation_.fetch_add(1);
  pthread_cond_broadcast(&begin_);
  pthread_mutex_unlock(&mutex_);
  work(0);
  if (comes_soon([&] { return busy_.load() == 0; })) return;
  const Uncancelled uncancelled;
  pthread_mutex_lock(&mutex_);
  while (busy_.load() != 0) pthread_cond_wait(&end_, &mutex_);
  pthread_mutex_unlock(&mutex_);
}

bool Workers::run(int items, Task task, void* context) {
  task_ = task;
  context_ = context;
  items_ = items;
  next_ = 0;
  if (host_.parallel != nullptr)
    host_.parallel(host_.user, threads_, host_task, this);
  else if (started_ > 0)
    run_own();
  else
    work(0);
  return !cancelled_.load();
}

}  // namespace thorax::embed
