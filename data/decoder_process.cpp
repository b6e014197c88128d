#include "data/decoder_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "data/sandbox_worker.h"

namespace thorax::data {

namespace {

// Shared memory beyond this is given back after a job.
constexpr size_t kept_bytes = size_t{64} << 20;
constexpr size_t memory_bytes = wire::most_in + wire::most_out;

[[noreturn]] void fail(const char* what) {
  throw Error(Fault::machine, str("no process for decoding images: ", what, ": ", std::strerror(errno)));
}

// Out of the way of the two descriptors that the process is given.
Descriptor moved_up(Descriptor fd) {
  Descriptor up(fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
  if (!up) fail("descriptors");
  return up;
}

Descriptor shared_memory() {
  Descriptor fd(memfd_create("thorax-decoder", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ftruncate(fd.get(), static_cast<off_t>(memory_bytes)) != 0) fail("shared memory");
  // Who shortens a file that another has mapped ends the other.
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) fail("shared memory");
  return moved_up(std::move(fd));
}

// What the dynamic linker and the sanitizers need, and nothing of the user's. Huge pages: a decoder's buffers are new in each
// image (sandbox_worker.cpp), and 4 KiB at a time that would cost a tenth of its time.
std::vector<std::string> environment() {
  std::vector<std::string> variables{"LANG=C", "LD_BIND_NOW=1", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"};
  for (const char* name : {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) variables.push_back(str(name, '=', value));
  }
  return variables;
}

// How posix_spawn is told what to do, freed at the end.
struct Spawning {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};

  Spawning(int socket, int memory) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
#ifndef __SANITIZE_ADDRESS__
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
#endif
    posix_spawn_file_actions_adddup2(&actions, socket, wire::socket);
    posix_spawn_file_actions_adddup2(&actions, memory, wire::memory);
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C is for the program, which then saves
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;
  ~Spawning() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

DecoderProcess::DecoderProcess(const Limits& limits) : limits_(limits) {
  link_decoder_process();
  start();
  wire::Hello hello;
  // The sizes of messages are checked: what answers may be anything by then.
  if (!wait() || recv(socket_.get(), &hello, sizeof hello, 0) != static_cast<ssize_t>(sizeof hello) || hello.version != 1 ||
      hello.isolation > wire::Isolation::sanitizer) {
    errno = ECHILD;
    const int signal = reap();
    munmap(memory_, memory_bytes);
    throw Error(Fault::machine, str("no process for decoding images: it ended at its start, signal ", signal));
  }
  isolation_ = hello.isolation;
}

void DecoderProcess::start() {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) fail("a socket");
  socket_ = Descriptor(pair[0]);
  const Descriptor other = moved_up(Descriptor(pair[1]));
  const Descriptor memory = shared_memory();
  void* mapped = mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (mapped == MAP_FAILED) fail("shared memory");
  madvise(mapped, memory_bytes, MADV_DONTDUMP);
  memory_ = static_cast<uint8_t*>(mapped);
  std::vector<std::string> variables = environment();
  std::vector<char*> envp;
  envp.reserve(variables.size() + 1);
  for (std::string& v : variables) envp.push_back(v.data());
  envp.push_back(nullptr);
  std::string name = wire::process_name;
  std::string argument = wire::process_argument;
  const std::array<char*, 3> argv{name.data(), argument.data(), nullptr};
  const Spawning how(other.get(), memory.get());
  errno = posix_spawn(&pid_, "/proc/self/exe", &how.actions, &how.attributes, argv.data(), envp.data());
  if (errno == 0) return;
  munmap(memory_, memory_bytes);
  fail("/proc/self/exe");
}

DecoderProcess::~DecoderProcess() {
  reap();
  munmap(memory_, memory_bytes);
}

int DecoderProcess::reap() {
  if (pid_ < 0) return 0;
  kill(pid_, SIGKILL);  // where it has ended by itself, that does nothing
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

double DecoderProcess::seconds_of_computing() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

bool DecoderProcess::wait() {
  const double begin = now();
  const double begin_computing = seconds_of_computing();
  for (int milliseconds = 20;; milliseconds = 200) {
    pollfd what{socket_.get(), POLLIN, 0};
    const int ready = poll(&what, 1, milliseconds);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (now() - begin > limits_.in_all || seconds_of_computing() - begin_computing > limits_.computing) return false;
  }
}

void DecoderProcess::release(size_t in_bytes, size_t out_bytes) {
  if (in_bytes > kept_bytes) madvise(memory_, wire::most_in, MADV_REMOVE);
  if (out_bytes > kept_bytes) madvise(memory_ + wire::most_in, wire::most_out, MADV_REMOVE);
}

DecoderProcess::Result DecoderProcess::decode(const CodecJob& job, std::span<const uint8_t> in, const UseSamples& use) {
  if (in.size() > wire::most_in || job.bytes() > wire::most_out) throw Error(Fault::defect, "a decoder's job beyond its memory");
  Result result;
  std::copy(in.begin(), in.end(), memory_);
  const wire::Request request{++served_, job, in.size()};
  const bool sent = send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof request);
  if (sent && !wait()) {
    reap();
    result.end = End::too_long;
    return result;
  }
  wire::Reply reply;
  if (!sent || recv(socket_.get(), &reply, sizeof reply, 0) != static_cast<ssize_t>(sizeof reply) ||
      reply.number != request.number || reply.outcome > Outcome::failed) {
    // It closes its socket only by ending, and ends by itself only when asked to: wait for the signal's number.
    result.signal = reap();
    result.end = End::crashed;
    return result;
  }
  result.outcome = reply.outcome;
  if (reply.outcome == Outcome::done) use({memory_ + wire::most_in, job.bytes()});
  release(in.size(), job.bytes());
  return result;
}

}  // namespace thorax::data
