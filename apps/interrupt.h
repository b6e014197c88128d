// Ctrl-C and SIGTERM ask a run to save and stop; a second one stops it at once, with nothing saved since the last checkpoint.
#pragma once

namespace thorax {

void catch_interrupts();
bool interrupted();
// The signal's number; 0: none came.
int interrupt_signal();

}  // namespace thorax
