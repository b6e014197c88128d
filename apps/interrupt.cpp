#include "apps/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <ctime>

namespace thorax {

namespace {

volatile std::sig_atomic_t received = 0;

volatile std::sig_atomic_t received_at = 0;  // in seconds

// Only what a signal handler may do.
void remember(int signal) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto second = static_cast<std::sig_atomic_t>(now.tv_sec);
  if (received != 0 && second - received_at > 1) _exit(128 + signal);
  if (received != 0) return;
  received_at = second;
  received = signal;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART;  // a write that is under way goes on
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return received != 0;
}
int interrupt_signal() {
  return received;
}
void share_interrupt(int signal) {
  received = signal;
}
int interrupt_exit_code() {
  return 128 + received;
}

}  // namespace thorax
