#include "tensor/file_calls.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

namespace thorax {

int FileCalls::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}
ssize_t FileCalls::write(int fd, const void* data, size_t bytes) {
  return ::write(fd, data, bytes);
}
ssize_t FileCalls::pwrite(int fd, const void* data, size_t bytes, off_t at) {
  return ::pwrite(fd, data, bytes, at);
}
int FileCalls::fallocate(int fd, off_t bytes) {
  return ::posix_fallocate(fd, 0, bytes);
}
int FileCalls::fchmod(int fd, mode_t mode) {
  return ::fchmod(fd, mode);
}
int FileCalls::ftruncate(int fd, off_t bytes) {
  return ::ftruncate(fd, bytes);
}
int FileCalls::fsync(int fd) {
  return ::fsync(fd);
}
int FileCalls::close(int fd) {
  return ::close(fd);
}
int FileCalls::rename(const char* from, const char* to) {
  return ::rename(from, to);
}
int FileCalls::unlink(const char* path) {
  return ::unlink(path);
}
int FileCalls::mkdir(const char* path, mode_t mode) {
  return ::mkdir(path, mode);
}
int FileCalls::flock(int fd, int operation) {
  return ::flock(fd, operation);
}
int FileCalls::fstat(int fd, struct stat* status) {
  return ::fstat(fd, status);
}
void* FileCalls::map(int fd, size_t bytes) {
  return ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
}

namespace {
FileCalls system_calls;
FileCalls* current = &system_calls;
}  // namespace

FileCalls& file_calls() {
  return *current;
}
void replace_file_calls(FileCalls* calls) {
  current = calls != nullptr ? calls : &system_calls;
}

}  // namespace thorax
