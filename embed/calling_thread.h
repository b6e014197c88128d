// What a program may have set for its own threads, and may not happen to ours.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace thorax::embed {

// For the time of its life the calling thread is not cancelled (pthread_cancel): files, locks, threads and a busy session would
// stay behind. A cancellation waits until then.
class Uncancelled {
 public:
  Uncancelled() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~Uncancelled() { pthread_setcancelstate(before_, nullptr); }
  Uncancelled(const Uncancelled&) = delete;
  Uncancelled& operator=(const Uncancelled&) = delete;

 private:
  int before_ = 0;
};

// Threads that are started during its life leave the program's signals to the program's threads. What a thread brings upon itself
// still reaches a handler.
class SignalsLeftOut {
 public:
  SignalsLeftOut() {
    sigset_t others;
    sigfillset(&others);
    const int brought_about[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (const int signal : brought_about) sigdelset(&others, signal);
    pthread_sigmask(SIG_SETMASK, &others, &before_);
  }
  ~SignalsLeftOut() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsLeftOut(const SignalsLeftOut&) = delete;
  SignalsLeftOut& operator=(const SignalsLeftOut&) = delete;

 private:
  sigset_t before_;
};

}  // namespace thorax::embed
