#include "apps/interrupt.h"

#include <csignal>

namespace thorax {

namespace {

volatile std::sig_atomic_t received = 0;

void remember(int signal) {
  received = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
}

bool interrupted() { return received != 0; }
int interrupt_signal() { return received; }

}  // namespace thorax
