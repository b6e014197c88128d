#include "apps/ranks.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>
#include <thread>

#include "apps/console.h"
#include "apps/interrupt.h"
#include "parallel/group.h"
#include "parallel/launcher.h"

namespace thorax {

namespace {

void say(const std::string& text) {
  const std::string line = (isatty(STDERR_FILENO) != 0 ? "\r\033[K" : "") + text;  // over a progress line
  if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;
}

// From the thread that watches, while the work may be waiting for the rank that is named.
void end_by_verdict(const parallel::World& world, int code, const std::string& text) {
  const bool rank_0_is_gone = text.starts_with("rank 0 has ");
  if (world.local_rank == 0 || (world.rank == 1 && rank_0_is_gone)) say(error_text(text, {}));
  // Rank 0's other thread is telling the others.
  if (world.rank == 0) std::this_thread::sleep_for(std::chrono::milliseconds(500));
  _exit(code);
}

// stderr of the C library, not the file behind it: what a sanitizer or a library has to say is seen.
void mute() {
  if (std::FILE* nothing = std::fopen("/dev/null", "w")) stderr = nothing;
}

void tell(parallel::Group& group, Fault fault, const std::string& what, bool lost_connection) {
  // What all find wrong, rank 0 says.
  if (group.world().rank != 0) std::this_thread::sleep_for(std::chrono::seconds(1));
  group.fail(static_cast<int>(fault), what, lost_connection);
}

}  // namespace

int as_rank(const std::optional<parallel::World>& world, const std::function<int(Communicator*)>& work) {
  if (!world || world->size == 1) return work(nullptr);
  parallel::Group group(*world, [&](int code, const std::string& text) { end_by_verdict(*world, code, text); });
  if (world->rank != 0) mute();
  try {
    const int code = work(&group.communicator());
    group.leave();
    return code;
  } catch (const CommunicationError& e) {
    tell(group, e.fault(), e.what(), true);
    throw;
  } catch (const Error& e) {
    tell(group, e.fault(), e.hint().empty() ? e.what() : str(e.what(), "\n        ", e.hint()), false);
    throw;
  } catch (const std::bad_alloc&) {
    tell(group, Fault::machine, "out of memory", false);
    throw;
  } catch (const std::exception& e) {
    tell(group, Fault::defect, str("a defect of thorax: ", e.what()), false);
    throw;
  }
}

int launch(int ranks, int restarts, const std::function<std::vector<std::string>()>& arguments) {
  catch_interrupts();
  for (int restart = 1;; ++restart) {
    const parallel::Ending end = parallel::run_ranks(ranks, arguments(), interrupt_signal);
    if (end.rank < 0) return 0;
    if (interrupted() && (end.signal == interrupt_signal() || end.code == interrupt_exit_code())) return interrupt_exit_code();
    if (end.signal != 0)
      say(error_text(str("rank ", end.rank, " was ended by signal ", end.signal, " (", strsignal(end.signal), ')'), {}));
    const int code = end.signal != 0 ? static_cast<int>(Fault::machine) : end.code;
    if (code != static_cast<int>(Fault::machine) || restart > restarts || interrupted()) return code;
    std::fprintf(stderr, "restart %d of %d\n", restart, restarts);
  }
}

}  // namespace thorax
