// The system calls through which every file of thorax is opened, written and renamed. A test puts its own table in the place
// of the system's and lets call n fail, tear or end the process (SQLite's method: once, then persistently).
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>

namespace thorax {

// Each method is the call of the same name: the same arguments, result and errno.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual ssize_t write(int fd, const void* data, size_t bytes);
  virtual ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at);
  virtual int fallocate(int fd, off_t bytes);  // from the beginning on, as posix_fallocate: returns 0 or an errno
  virtual int fchmod(int fd, mode_t mode);
  virtual int ftruncate(int fd, off_t bytes);
  virtual int fsync(int fd);
  virtual int close(int fd);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);
  virtual int mkdir(const char* path, mode_t mode);
  virtual int flock(int fd, int operation);
  virtual int fstat(int fd, struct stat* status);
  virtual void* map(int fd, size_t bytes);  // mmap, read only; MAP_FAILED on error
};

// The table in use; the system's own unless a test replaced it.
FileCalls& file_calls();

// For tests: takes `calls` from now on (nullptr: the system's again). Not for use while another thread handles files.
void replace_file_calls(FileCalls* calls);

}  // namespace thorax
