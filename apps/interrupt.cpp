#include "apps/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace thorax {

namespace {

volatile std::sig_atomic_t received = 0;

// Only what a signal handler may do.
void remember(int signal) {
  if (received != 0) _exit(128 + signal);
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
int interrupt_exit_code() {
  return 128 + received;
}

}  // namespace thorax
