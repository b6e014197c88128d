#include "parallel/launcher.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "parallel/world.h"

using namespace thorax;
using namespace thorax::parallel;

namespace {

constexpr const char* part = "THORAX_TEST_PART";  // what this program's copies do

bool listens(int fd) {
  int yes = 0;
  socklen_t size = sizeof yes;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 && yes != 0;
}

// 0: the environment is as it should be; an exit code that says what is wrong.
int look(const World& w) {
  if (w.size != 3 || w.local_size != 3 || w.local_rank != w.rank) return 10;
  if (w.host != "127.0.0.1" || w.port == 0 || w.secret.size() != 64) return 11;
  if ((w.rank == 0) != (w.listener >= 0) || (w.rank == 0 && !listens(w.listener))) return 12;
  return 0;
}

// The copies never come to main().
struct Copy {
  Copy() {
    const char* todo = std::getenv(part);
    if (todo == nullptr || std::getenv("RANK") == nullptr) return;
    const World w = *world_of_environment();
    if (std::strcmp(todo, "look") == 0) _exit(look(w));
    if (std::strcmp(todo, "fail") == 0 && w.rank == 1) _exit(2);
    if (std::strcmp(todo, "crash") == 0 && w.rank == 2) raise(SIGKILL);
    for (;;) pause();
  }
} copy;

Ending run(
    const char* todo, const std::function<int()>& stop = [] { return 0; }) {
  setenv(part, todo, 1);
  return run_ranks(3, {"nothing"}, stop);
}

}  // namespace

TEST_CASE("launcher: ranks find in their environment who they are and where they meet") {
  CHECK(run("look").rank == -1);
  CHECK(run("look").code == 0);
}

TEST_CASE("launcher: the rank that ends first is told, and those that do not follow are killed") {
  const Ending failed = run("fail");
  CHECK(failed.rank == 1);
  CHECK(failed.code == 2);
  const Ending crashed = run("crash");
  CHECK(crashed.rank == 2);
  CHECK(crashed.signal == SIGKILL);
}

TEST_CASE("launcher: a signal is passed on to all") {
  int asked = 0;
  const Ending end = run("wait", [&] { return ++asked > 5 ? SIGTERM : 0; });
  CHECK(end.rank == 0);
  CHECK(end.signal == SIGTERM);
}

TEST_CASE("launcher: ranks do not outlive it") {
  std::array<int, 2> held{};
  REQUIRE(pipe(held.data()) == 0);
  const pid_t launcher = fork();
  if (launcher == 0) {
    run("wait", [&] { return write(held[1], "!", 1) > 0 ? 0 : 0; });
    _exit(0);
  }
  close(held[1]);
  char byte = 0;
  CHECK(read(held[0], &byte, 1) == 1);  // all are there
  kill(launcher, SIGKILL);
  waitpid(launcher, nullptr, 0);
  while (read(held[0], &byte, 1) > 0) continue;  // until the last one who holds the other end is gone
  close(held[0]);
}
