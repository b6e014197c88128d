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
#include "tensor/queue.h"

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

int as_rank(const std::optional<parallel::World>& world, const std::function<Stream()>& stream,
            const std::function<int(const Stream&, Communicator*)>& work) {
  if (!world || world->size == 1) return work(stream(), nullptr);
  parallel::Group group(*world, [&](int code, const std::string& text) { end_by_verdict(*world, code, text); });
  if (world->rank != 0) mute();
  try {
    const Stream own = stream();
    const int code = work(own, &group.connect(own));
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

Flag procs_flag(const std::string& of) {
  return {"procs", "N", of + "processes on this machine, which share --batch", "1"};
}

Flag gpus_flag(const std::string& of) {
  return {"gpus", "N", of + "as many processes, each with a GPU of its own", "0"};
}

void check_ranks(const Flags& flags, const std::optional<parallel::World>& world) {
  if (flags.given("procs") && flags.given("gpus")) throw Error(Fault::input, "--procs and --gpus: one of them is enough");
  if (!world || world->size == 1) return;
  for (const char* name : {"procs", "gpus"}) {
    if (flags.given(name) && flags.integer(name, 1, 256) != world->size)
      throw Error(Fault::input,
                  str("--", name, ' ', flags.text(name), " in one of ", world->size, " processes that are there already"),
                  str("without --", name, " they work together"));
  }
}

int ranks_to_start(Flags& flags, const std::optional<parallel::World>& world) {
  const auto procs = static_cast<int>(flags.integer("procs", 1, 256));
  const auto gpus = static_cast<int>(flags.integer("gpus", 0, 256));
  if (gpus > 0) flags.set("device", "cuda");
  if (world && world->size > 1) return 1;
  if (gpus == 0) return procs;
  const CudaReport cuda = cuda_report();
  if (!cuda.obstacle.empty()) throw Error(Fault::machine, cuda.obstacle, cuda.hint);
  if (gpus > static_cast<int>(cuda.gpus.size()))
    throw Error(Fault::machine, str("--gpus ", gpus, ": this machine has ", cuda.gpus.size()),
                str("--procs ", gpus, " --device cuda lets processes share them"));
  return gpus;
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
