#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "data/decoder_process.h"
#include "data/sandbox.h"
#include "data/sandbox_filter.h"
#include "data/stb.h"
#include "tests/data/errors.h"
#include "tests/data/oracle.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

constexpr uint32_t pid = 77;
constexpr uint32_t socket_fd = 3;

// The part of classic BPF that seccomp has and our filter uses.
uint32_t interpret(const std::vector<sock_filter>& filter, const seccomp_data& data) {
  uint32_t loaded = 0;
  for (size_t at = 0; at < filter.size(); ++at) {
    const sock_filter& i = filter[at];
    const auto jump = [&](bool yes) { at += yes ? i.jt : i.jf; };
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        REQUIRE(i.k % 4 == 0);
        REQUIRE(i.k < sizeof data);
        std::memcpy(&loaded, reinterpret_cast<const char*>(&data) + i.k, 4);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(loaded == i.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(loaded >= i.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: jump((loaded & i.k) != 0); break;
      case BPF_RET | BPF_K: return i.k;
      default: FAIL("an instruction that is not expected");
    }
  }
  FAIL("the filter has no end");
  return 0;
}

uint32_t asked(long number, std::array<uint64_t, 4> a = {}) {
  static const std::vector<sock_filter> filter = decoder_filter(pid, socket_fd);
  return interpret(filter, {static_cast<int>(number), AUDIT_ARCH_X86_64, 0, {a[0], a[1], a[2], a[3], 0, 0}});
}

// What becomes of a child process that has the filter and then does this: -1 where it ended by itself, else the signal.
int fate(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);  // the test program has a handler of its own
    if (!install(decoder_filter(static_cast<uint32_t>(getpid()), socket_fd))) _exit(9);
    act();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

std::vector<uint8_t> png(int64_t height, int64_t width, const std::vector<uint8_t>& grey) {
  return stb::encode_png(height, width, grey.data());
}

}  // namespace

TEST_CASE("filter: at most 20 calls are allowed, and with the right arguments only") {
  std::set<int> allowed;
  for (const AllowedCall& call : allowed_calls()) allowed.insert(call.number);
  CHECK(allowed.size() == allowed_calls().size());
  CHECK(allowed.size() <= 20);
  for (int number = 0; number < 1024; ++number) {
    CAPTURE(number);
    const bool by_arguments = number == SYS_read || number == SYS_write || number == SYS_tgkill || number == SYS_mmap;
    const uint32_t verdict = asked(number, {0, 0, 0, 0});
    CHECK((verdict == SECCOMP_RET_ALLOW) == (allowed.count(number) != 0 && !by_arguments));
    if (number > 450) CHECK(verdict == (SECCOMP_RET_ERRNO | ENOSYS));
    CHECK(asked(number + 0x40000000L) == SECCOMP_RET_KILL_PROCESS);
  }
  CHECK(asked(SYS_read, {socket_fd}) == SECCOMP_RET_ALLOW);
  CHECK(asked(SYS_write, {socket_fd}) == SECCOMP_RET_ALLOW);
  CHECK(asked(SYS_write, {2}) == (SECCOMP_RET_ERRNO | EBADF));
  CHECK(asked(SYS_read, {4}) == (SECCOMP_RET_ERRNO | EBADF));
  CHECK(asked(SYS_tgkill, {pid}) == SECCOMP_RET_ALLOW);
  CHECK(asked(SYS_tgkill, {1}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(asked(SYS_mmap, {0, 1, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE}) == SECCOMP_RET_ALLOW);
  CHECK(asked(SYS_mmap, {0, 1, PROT_READ | PROT_EXEC, MAP_ANONYMOUS | MAP_PRIVATE}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(asked(SYS_mmap, {0, 1, PROT_READ, MAP_PRIVATE}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(asked(SYS_mprotect, {0, 1, PROT_READ}) == SECCOMP_RET_ALLOW);
  CHECK(asked(SYS_mprotect, {0, 1, PROT_EXEC}) == SECCOMP_RET_KILL_PROCESS);
  for (const long number : {SYS_open, SYS_openat, SYS_newfstatat}) CHECK(asked(number) == (SECCOMP_RET_ERRNO | EACCES));
  CHECK(asked(SYS_clone) == (SECCOMP_RET_ERRNO | EAGAIN));
  for (const long number : {SYS_socket, SYS_connect, SYS_fork, SYS_vfork, SYS_execve, SYS_ptrace, SYS_kill, SYS_unlink})
    CHECK(asked(number) == SECCOMP_RET_KILL_PROCESS);
  const std::vector<sock_filter> filter = decoder_filter(pid, socket_fd);
  CHECK(interpret(filter, {SYS_brk, AUDIT_ARCH_I386, 0, {}}) == SECCOMP_RET_KILL_PROCESS);
}

TEST_CASE("filter: the manual lists the calls that are allowed") {
  std::string expected;
  for (const AllowedCall& call : allowed_calls()) expected += (expected.empty() ? "`" : ", `") + std::string(call.name) + '`';
  std::ifstream in(std::string(THORAX_SOURCE_DIR) + "/docs/sandbox.md");
  std::string text;
  for (std::string line; std::getline(in, line);) text += (text.empty() ? "" : " ") + line;
  CHECK_MESSAGE(has(text, expected), expected);
}

TEST_CASE("filter: in force, files cannot be opened, and more than that ends the process") {
#ifdef __SANITIZE_ADDRESS__
  return skip("the sanitizer needs calls that the filter forbids");
#endif
  CHECK(fate([] {}) == -1);
  CHECK(fate([] {
          if (open("/etc/passwd", 0) != -1 || errno != EACCES) abort();
        }) == -1);
  CHECK(fate([] { socket(1, 1, 0); }) == SIGSYS);
  CHECK(fate([] {
          if (fork() != -1) abort();
        }) == -1);
  CHECK(fate([] { syscall(SYS_vfork); }) == SIGSYS);
  CHECK(fate([] { execl("/bin/true", "true", nullptr); }) == SIGSYS);
  CHECK(fate([] { kill(getppid(), 0); }) == SIGSYS);
  CHECK(fate([] { syscall(SYS_ptrace, 0, 0, 0, 0); }) == SIGSYS);
  CHECK(fate([] { unlink("/none"); }) == SIGSYS);
  CHECK(fate([] { mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }) == SIGSYS);
  CHECK(fate([] { abort(); }) == SIGABRT);
}

TEST_CASE("sandbox: decoders have no rights here") {
#ifdef __SANITIZE_ADDRESS__
  CHECK(has(isolation_gap(), "built with a sanitizer"));
#else
  CHECK(isolation_gap().empty());
#endif
}

TEST_CASE("sandbox: images from many threads come back right") {
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const int64_t h = 5 + i;
        const int64_t w = 3 + 7 * t;
        const std::vector<uint8_t> grey = made(static_cast<uint32_t>(100 * t + i), 0, h * w);
        if (decode_apart({Codec::png, 1, h, w}, png(h, w, grey)) == grey) ++right;
      }
    });
  }
  threads.clear();
  CHECK(right == 100);
}

TEST_CASE("sandbox: what is broken is one error, and the next image is decoded") {
  const std::vector<uint8_t> grey(12, 9);
  std::vector<uint8_t> file = png(3, 4, grey);
  CHECK(has(input_error([&] { decode_apart({Codec::png, 1, 4, 4}, file); }), "of another size than its header says"));
  CHECK(has(input_error([&] { decode_apart({Codec::gdcm, 1, 3, 4}, file); }), "its pixels cannot be decoded"));
  CHECK(decode_apart({Codec::png, 1, 3, 4}, file) == grey);
}

TEST_CASE("sandbox: a process that dies or stands still is told apart from one that answers") {
  const std::vector<uint8_t> grey(12, 9);
  const std::vector<uint8_t> file = png(3, 4, grey);
  const CodecJob job{Codec::png, 1, 3, 4};
  DecoderProcess killed;
  std::vector<uint8_t> got;
  const auto use = [&](std::span<const uint8_t> samples) { got.assign(samples.begin(), samples.end()); };
  CHECK(killed.decode(job, file, use).outcome == Outcome::done);
  CHECK(got == grey);
  CHECK(killed.served() == 1);
  CHECK(killed.seconds_of_computing() > 0);
  kill(killed.pid(), SIGABRT);  // which AddressSanitizer leaves alone
  const DecoderProcess::Result crash = killed.decode(job, file, use);
  CHECK(crash.end == DecoderProcess::End::crashed);
  CHECK(crash.signal == SIGABRT);
  DecoderProcess stopped({9, 0.3});
  kill(stopped.pid(), SIGSTOP);
  CHECK(stopped.decode(job, file, use).end == DecoderProcess::End::too_long);
}
