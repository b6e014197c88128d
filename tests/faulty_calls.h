// System calls that go wrong: call number `at` fails once, all from it on fail, or the process ends before it. With torn set, a
// write that is hit takes half of its bytes first.
#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensor/file_calls.h"

namespace thorax::test {

class FaultyCalls : public FileCalls {
 public:
  enum class Way { once, always, die };
  explicit FaultyCalls(int at = 0, Way way = Way::once, int error = EIO, bool torn = false)
      : at_(at), way_(way), error_(error), torn_(torn) {
    replace_file_calls(this);
  }
  ~FaultyCalls() override { replace_file_calls(nullptr); }

  bool reached() const { return static_cast<int>(log.size()) >= at_; }
  std::vector<std::string> log;  // the names of the calls, in order

  int open(const char* path, int flags, mode_t mode) override { return hit("open") ? -1 : FileCalls::open(path, flags, mode); }
  ssize_t write(int fd, const void* data, size_t bytes) override {
    const bool struck = strikes();
    if (struck && torn_ && bytes > 1) {
      const ssize_t half = FileCalls::write(fd, data, bytes / 2);
      return hit("write") ? half : -1;
    }
    return hit("write") ? -1 : FileCalls::write(fd, data, bytes);
  }
  ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) override {
    const bool struck = strikes();
    if (struck && torn_ && bytes > 1) {
      const ssize_t half = FileCalls::pwrite(fd, data, bytes / 2, at);
      return hit("pwrite") ? half : -1;
    }
    return hit("pwrite") ? -1 : FileCalls::pwrite(fd, data, bytes, at);
  }
  int fallocate(int fd, off_t bytes) override { return hit("fallocate") ? error_ : FileCalls::fallocate(fd, bytes); }
  int fchmod(int fd, mode_t mode) override { return hit("fchmod") ? -1 : FileCalls::fchmod(fd, mode); }
  int ftruncate(int fd, off_t bytes) override { return hit("ftruncate") ? -1 : FileCalls::ftruncate(fd, bytes); }
  int fsync(int fd) override { return hit("fsync") ? -1 : FileCalls::fsync(fd); }
  int close(int fd) override {
    // A failing close has closed the file all the same.
    const bool struck = hit("close");
    const int result = FileCalls::close(fd);
    if (struck) errno = error_;
    return struck ? -1 : result;
  }
  int rename(const char* from, const char* to) override { return hit("rename") ? -1 : FileCalls::rename(from, to); }
  int unlink(const char* path) override { return hit("unlink") ? -1 : FileCalls::unlink(path); }
  int mkdir(const char* path, mode_t mode) override { return hit("mkdir") ? -1 : FileCalls::mkdir(path, mode); }
  int flock(int fd, int operation) override { return hit("flock") ? -1 : FileCalls::flock(fd, operation); }
  int fstat(int fd, struct stat* status) override { return hit("fstat") ? -1 : FileCalls::fstat(fd, status); }
  void* map(int fd, size_t bytes) override { return hit("map") ? MAP_FAILED : FileCalls::map(fd, bytes); }

 private:
  // Whether the next call is struck.
  bool strikes() const {
    const int number = static_cast<int>(log.size()) + 1;
    return way_ == Way::always ? at_ > 0 && number >= at_ : number == at_;
  }
  bool hit(const char* name) {
    const bool struck = strikes();
    if (struck && way_ == Way::die) ::_exit(9);
    log.emplace_back(name);
    if (struck) errno = error_;
    return struck;
  }
  int at_;
  Way way_;
  int error_;
  bool torn_;
};

// Runs the job in a child that dies before its at-th file call. False: the child came to its end before that call.
template <class Job>
bool dies_at(int at, bool torn, const Job& job) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const FaultyCalls calls(at, FaultyCalls::Way::die, EIO, torn);
      job();
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || (WEXITSTATUS(status) != 9 && WEXITSTATUS(status) != 0)) throw std::runtime_error("the child failed");
  return WEXITSTATUS(status) == 9;
}

}  // namespace thorax::test
