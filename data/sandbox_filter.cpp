#include "data/sandbox_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace thorax::data {

namespace {

constexpr std::array<AllowedCall, 19> allowed{{
    {SYS_read, "read"},
    {SYS_write, "write"},
    {SYS_brk, "brk"},
    {SYS_mmap, "mmap"},
    {SYS_munmap, "munmap"},
    {SYS_mremap, "mremap"},
    {SYS_madvise, "madvise"},
    {SYS_mprotect, "mprotect"},
    {SYS_futex, "futex"},
    {SYS_clock_gettime, "clock_gettime"},
    {SYS_getrandom, "getrandom"},
    {SYS_rt_sigprocmask, "rt_sigprocmask"},
    {SYS_rt_sigreturn, "rt_sigreturn"},
    {SYS_restart_syscall, "restart_syscall"},
    {SYS_getpid, "getpid"},
    {SYS_gettid, "gettid"},
    {SYS_tgkill, "tgkill"},
    {SYS_exit, "exit"},
    {SYS_exit_group, "exit_group"},
}};

struct Failing {
  int number;
  int error;
};

// What libraries ask for and can do without.
constexpr std::array<Failing, 17> failing{{
    {SYS_open, EACCES},
    {SYS_openat, EACCES},
    {SYS_stat, EACCES},
    {SYS_fstat, EACCES},
    {SYS_lstat, EACCES},
    {SYS_newfstatat, EACCES},
    {SYS_access, EACCES},
    {SYS_readlink, EACCES},
    {SYS_ioctl, EPERM},
    {SYS_sched_getaffinity, EPERM},
    {SYS_sysinfo, EPERM},
    {SYS_prlimit64, EPERM},
    {SYS_uname, EPERM},
    {SYS_set_robust_list, EPERM},
    {SYS_rseq, ENOSYS},
    {SYS_rt_sigaction, EPERM},  // the first step of starting a thread, as OpenJPEG does where it can
    {SYS_clone, EAGAIN},
}};

constexpr uint32_t first_x32 = 0x40000000;
constexpr uint32_t newest_known = 450;  // Linux 6.1

constexpr uint32_t argument(uint32_t index) {
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + 8 * index;  // its lower half, on a little-endian machine
}

class Filter {
 public:
  void load(uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
  void give(uint32_t action) { add(BPF_RET | BPF_K, 0, 0, action); }
  // What follows is passed over, `count` instructions of it, unless the loaded word is (has a bit of, is at least) this one.
  void unless_equal(uint32_t value, uint8_t count) { add(BPF_JMP | BPF_JEQ | BPF_K, 0, count, value); }
  void if_equal(uint32_t value, uint8_t count) { add(BPF_JMP | BPF_JEQ | BPF_K, count, 0, value); }
  void unless_any_bit(uint32_t bits, uint8_t count) { add(BPF_JMP | BPF_JSET | BPF_K, 0, count, bits); }
  void if_any_bit(uint32_t bits, uint8_t count) { add(BPF_JMP | BPF_JSET | BPF_K, count, 0, bits); }
  void unless_at_least(uint32_t value, uint8_t count) { add(BPF_JMP | BPF_JGE | BPF_K, 0, count, value); }
  std::vector<sock_filter> take() { return std::move(code_); }

 private:
  void add(int code, uint8_t if_true, uint8_t if_false, uint32_t k) {
    code_.push_back({static_cast<uint16_t>(code), if_true, if_false, k});
  }
  std::vector<sock_filter> code_;
};

// A call whose arguments count. The call's number is loaded; where it is another one, it still is behind these instructions.
void add_call(Filter& f, int number, uint32_t pid, uint32_t socket) {
  const auto n = static_cast<uint32_t>(number);
  switch (number) {
    case SYS_read:
    case SYS_write:
    case SYS_tgkill:  // abort()
      f.unless_equal(n, 4);
      f.load(argument(0));
      f.unless_equal(number == SYS_tgkill ? pid : socket, 1);
      f.give(SECCOMP_RET_ALLOW);
      // Decoders write warnings to stderr; they need not die for it.
      f.give(number == SYS_tgkill ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EBADF);
      break;
    case SYS_mmap:  // memory, not files, and no code
      f.unless_equal(n, 6);
      f.load(argument(3));
      f.unless_any_bit(MAP_ANONYMOUS, 3);
      f.load(argument(2));
      f.if_any_bit(PROT_EXEC, 1);
      f.give(SECCOMP_RET_ALLOW);
      f.give(SECCOMP_RET_KILL_PROCESS);
      break;
    case SYS_mprotect:
      f.unless_equal(n, 4);
      f.load(argument(2));
      f.if_any_bit(PROT_EXEC, 1);
      f.give(SECCOMP_RET_ALLOW);
      f.give(SECCOMP_RET_KILL_PROCESS);
      break;
    default: f.unless_equal(n, 1); f.give(SECCOMP_RET_ALLOW);
  }
}

}  // namespace

std::span<const AllowedCall> allowed_calls() {
  return allowed;
}

std::vector<sock_filter> decoder_filter(uint32_t pid, uint32_t socket) {
  Filter f;
  f.load(offsetof(seccomp_data, arch));
  f.if_equal(AUDIT_ARCH_X86_64, 1);
  f.give(SECCOMP_RET_KILL_PROCESS);
  f.load(offsetof(seccomp_data, nr));
  f.unless_at_least(first_x32, 1);
  f.give(SECCOMP_RET_KILL_PROCESS);
  for (const AllowedCall& call : allowed) add_call(f, call.number, pid, socket);
  for (const Failing& call : failing) {
    f.unless_equal(static_cast<uint32_t>(call.number), 1);
    f.give(SECCOMP_RET_ERRNO | static_cast<uint32_t>(call.error));
  }
  for (const int number : {SYS_clone3, SYS_futex_waitv}) {
    f.unless_equal(static_cast<uint32_t>(number), 1);
    f.give(SECCOMP_RET_ERRNO | ENOSYS);
  }
  f.unless_at_least(newest_known + 1, 1);
  f.give(SECCOMP_RET_ERRNO | ENOSYS);
  f.give(SECCOMP_RET_KILL_PROCESS);
  return f.take();
}

bool install(std::span<const sock_filter> filter) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  sock_fprog program{static_cast<uint16_t>(filter.size()), const_cast<sock_filter*>(filter.data())};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace thorax::data
