// Ctrl-C and SIGTERM ask a run to save and stop; a second one stops it at once, with nothing saved since the last checkpoint.
#pragma once

namespace thorax {

void catch_interrupts();
bool interrupted();
// Of a program that saved and stopped: 128 + the signal's number.
int interrupt_exit_code();

}  // namespace thorax
