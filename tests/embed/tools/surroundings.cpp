// libthorax in programs that cancel their threads, send signals, fork, and have small stacks: surroundings MODEL.thx
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "tests/embed/tools/use_model.h"

using namespace thorax::test;

namespace {

const char* path;
Probabilities right;

void* runs_until_cancelled(void* session) {
  for (;;) {
    Probabilities p{};
    if (run(static_cast<thorax_session*>(session), p) != THORAX_OK) return nullptr;
    pthread_testcancel();
  }
}

void wait_us(long microseconds) {
  const timespec time = {0, 1000 * microseconds};
  nanosleep(&time, nullptr);
}

// A thread that is cancelled ends behind its run: the session stays usable, for others.
void cancelled_callers() {
  thorax_model* model = opened(path);
  for (const int threads : {1, 3}) {
    thorax_session* session = created(model, threads);
    for (long i = 0; i < 100; ++i) {
      pthread_t caller;
      REQUIRE(pthread_create(&caller, nullptr, runs_until_cancelled, session) == 0);
      wait_us(i * 37 % 3000);
      REQUIRE(pthread_cancel(caller) == 0);
      void* result = nullptr;
      REQUIRE(pthread_join(caller, &result) == 0 && result == PTHREAD_CANCELED);
      Probabilities p{};
      REQUIRE(run(session, p) == THORAX_OK && p == right);
    }
    thorax_session_destroy(session);
  }
  thorax_close(model);
}

int open_files() {
  int count = 0;
  for (int file = 0; file < 256; ++file) count += fcntl(file, F_GETFD) != -1 ? 1 : 0;
  return count;
}

// Opening, creating and destroying with a cancellation pending.
void cancelled_before() {
  const int before = open_files();
  pthread_t caller;
  const auto use = [](void*) -> void* {
    pthread_cancel(pthread_self());
    if (answer_of(path, 3) != right) return nullptr;
    pthread_testcancel();
    return nullptr;
  };
  REQUIRE(pthread_create(&caller, nullptr, use, nullptr) == 0);
  void* result = nullptr;
  REQUIRE(pthread_join(caller, &result) == 0 && result == PTHREAD_CANCELED);
  REQUIRE(open_files() == before);
}

thread_local bool is_ours = false;
std::atomic<int> signals = 0, astray = 0;

// Signals arrive all the time, and never on a thread of the library's.
void storm_of_signals() {
  is_ours = true;
  struct sigaction action = {}, before = {};
  action.sa_handler = [](int) { ++(is_ours ? signals : astray); };
  REQUIRE(sigaction(SIGALRM, &action, &before) == 0);
  const itimerval often = {{0, 100}, {0, 100}}, never = {};
  REQUIRE(setitimer(ITIMER_REAL, &often, nullptr) == 0);
  for (int i = 0; i < 20; ++i) REQUIRE(answer_of(path, 3) == right);
  // Blocked here, they are pending for whoever takes them.
  sigset_t alarm, mask;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm, &mask);
  for (int i = 0; i < 20; ++i) REQUIRE(answer_of(path, 3) == right);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  REQUIRE(signals > 0 && astray == 0);
}

// A caller with 64 KiB of stack.
void small_stack() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, size_t{64} << 10) == 0);
  pthread_t caller;
  const auto use = [](void*) -> void* { return answer_of(path, 1) == right ? &path : nullptr; };
  REQUIRE(pthread_create(&caller, &attributes, use, nullptr) == 0);
  pthread_attr_destroy(&attributes);
  void* result = nullptr;
  REQUIRE(pthread_join(caller, &result) == 0 && result == &path);
}

// A child of a program in the middle of runs: its parent's sessions are told from its own.
void forks() {
  thorax_model* model = opened(path);
  for (const int threads : {1, 3}) {
    thorax_session* session = created(model, threads);
    pthread_t caller;
    REQUIRE(pthread_create(&caller, nullptr, runs_until_cancelled, session) == 0);
    for (int i = 0; i < 20; ++i) {
      wait_us(i * 211 % 2000);
      const pid_t child = fork();
      if (child == 0) {
        alarm(60);
        Probabilities p{};
        const thorax_status status = run(session, p);
        // Without threads there is nothing missing, but the session may be in the hands of a thread that is.
        REQUIRE(threads > 1 ? status == THORAX_FORKED : status == THORAX_BUSY || (status == THORAX_OK && p == right));
        thorax_session_destroy(session);
        thorax_session* own = created(model, threads);
        REQUIRE(run(own, p) == THORAX_OK && p == right);
        thorax_session_destroy(own);
        thorax_close(model);
        _exit(0);
      }
      int status = -1;
      REQUIRE(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
    pthread_cancel(caller);
    pthread_join(caller, nullptr);
    thorax_session_destroy(session);
  }
  thorax_close(model);
}

// A pipe is no file, and nobody waits for its other end.
void pipes() {
  const char* const name = "a_pipe";
  unlink(name);
  REQUIRE(mkfifo(name, 0600) == 0);
  thorax_model* model = nullptr;
  REQUIRE(thorax_open(name, nullptr, &model, nullptr) == THORAX_IO && model == nullptr);
  unlink(name);
}

}  // namespace

int main(int argc, char** argv) {
  REQUIRE(argc == 2);
  path = argv[1];
  right = answer_of(path, 1);
  REQUIRE(answer_of(path, 3) == right);
  pipes();
  small_stack();
  cancelled_callers();
  cancelled_before();
  storm_of_signals();
  forks();
  std::printf("cancellation, signals (%d), forks, small stacks: the same answers\n", signals.load());
}
