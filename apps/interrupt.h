// Ctrl-C and SIGTERM ask a run to save and stop; a second one stops it at once, with nothing saved since the last checkpoint.
// Within two seconds they count as one: a terminal and a launcher both tell every rank.
#pragma once

namespace thorax {

void catch_interrupts();
bool interrupted();
// The signal's number; 0: none came.
int interrupt_signal();
// As if it had come here: another rank of this training has it.
void share_interrupt(int signal);
// Of a program that saved and stopped: 128 + the signal's number.
int interrupt_exit_code();

}  // namespace thorax
