// The decoder process's side of sandbox.h.
#include "data/sandbox_worker.h"

#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "data/sandbox_filter.h"
#include "data/sandbox_wire.h"

namespace thorax::data {

namespace {

constexpr rlim_t memory_beyond_start = rlim_t{1} << 30;
constexpr rlim_t seconds_of_computing = 360;  // in all its life: the end of one whose program is gone

// Under AddressSanitizer, whose memory no limit fits, the three are not used.
[[maybe_unused]] void limit(int what, rlim_t most) {
  const rlimit both{most, most};
  setrlimit(static_cast<__rlimit_resource>(what), &both);  // where it is refused, the filter and the program's own clock remain
}

[[maybe_unused]] rlim_t address_space() {
  unsigned long pages = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(f, "%lu", &pages) != 1) pages = 0;
    std::fclose(f);
  }
  return pages == 0 ? RLIM_INFINITY : pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

// Root gives up what it can; within some containers it cannot.
[[maybe_unused]] void become_nobody() {
  constexpr unsigned nobody = 65534;
  if (geteuid() != 0) return;
  if (setgroups(0, nullptr) != 0 || setresgid(nobody, nobody, nobody) != 0 || setresuid(nobody, nobody, nobody) != 0) return;
}

// Everything that happens once (tables, locales, the first exception) happens before the filter.
void warm_up() {
  const std::array<uint8_t, 200> nothing{};
  std::array<uint8_t, 1> out{};
  for (const Codec codec : {Codec::png, Codec::jpeg, Codec::rle, Codec::jpeg_ls, Codec::gdcm})
    run_codec({codec, 1, 1, 1}, nothing, out);
}

wire::Isolation lock_up() {
#ifdef __SANITIZE_ADDRESS__
  warm_up();
  return wire::Isolation::sanitizer;
#else
  become_nobody();
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // Bytes of one image are not found in memory that another one gets: what is large comes fresh from the system each time (in
  // huge pages: decoder_process.cpp), and after each image the system takes the rest back.
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_ARENA_MAX, 1);
  warm_up();
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, seconds_of_computing);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NPROC, 0);
  const rlim_t now = address_space();
  if (now != RLIM_INFINITY) limit(RLIMIT_AS, now + memory_beyond_start);
  limit(RLIMIT_NOFILE, 0);
  const auto filter = decoder_filter(static_cast<uint32_t>(getpid()), wire::socket);
  return install(filter) ? wire::Isolation::full : wire::Isolation::no_filter;
#endif
}

template <class Message>
void send(const Message& message) {
  if (write(wire::socket, &message, sizeof message) != static_cast<ssize_t>(sizeof message)) _exit(0);
}

[[noreturn]] void serve() {
  close_range(wire::memory + 1, ~0U, 0);
  void* memory = mmap(nullptr, wire::most_in + wire::most_out, PROT_READ | PROT_WRITE, MAP_SHARED, wire::memory, 0);
  if (memory == MAP_FAILED) _exit(1);
  close(wire::memory);
  auto* bytes = static_cast<uint8_t*>(memory);
  send(wire::Hello{1, lock_up()});
  for (;;) {
    wire::Request request;
    if (read(wire::socket, &request, sizeof request) != static_cast<ssize_t>(sizeof request)) _exit(0);  // the program is gone
    wire::Reply reply{request.number, Outcome::failed, 0};
    if (request.in_bytes <= wire::most_in && request.job.bytes() <= wire::most_out)
      reply.outcome = run_codec(request.job, {bytes, request.in_bytes}, {bytes + wire::most_in, request.job.bytes()});
    malloc_trim(0);
    send(reply);
  }
}

// Before main(): a program that forgot to ask whether it is a decoder process would start itself without end.
__attribute__((constructor)) void serve_if_decoder(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[0], wire::process_name) == 0 && std::strcmp(argv[1], wire::process_argument) == 0) serve();
}

}  // namespace

void link_decoder_process() {}

}  // namespace thorax::data
