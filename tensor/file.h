// Files that survive a crash. This is the only place of thorax that opens files for writing, renames or syncs.
//
// Two promises, kept apart: a process that is killed at any instant leaves the old file or the whole new one (rename); a machine
// that loses power does too (fsync of the file before the rename, of the directory after it). Success is reported only after
// the last sync. A failed fsync is never tried again: the kernel marks the lost pages clean, so that a second call would report
// success (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "tensor/error.h"

namespace thorax {

// The new content did not take its place; what stood there before still stands there.
class NotWritten : public Error {
 public:
  using Error::Error;
};

// The new content is in its place and readable, but a loss of power now may bring the old one back.
class DurabilityUnsure : public Error {
 public:
  using Error::Error;
};

// An open file descriptor. close() reports; the destructor closes quietly.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int get() const { return fd_; }
  int close();  // 0, or -1 with errno
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  int fd_;
};

// A new file that nobody sees under its name before commit(). Errors before the rename are NotWritten.
class AtomicFile {
 public:
  // Makes a temporary file (mode 0600) beside the target. The folder has to exist.
  explicit AtomicFile(std::filesystem::path target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // removes the temporary file unless it was committed

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  // Gives the file its mode (0666 less the umask), syncs and closes it: from here on it can be read back at temporary().
  void finish();
  // After finish(): renames it to the target and syncs the directory. previous, if not empty: the name in the same folder
  // under which the file that stood at the target is kept. Throws NotWritten or DurabilityUnsure.
  void commit(const std::filesystem::path& previous = {});
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  Descriptor fd_;
  bool pending_ = false;  // the temporary file exists
};

// The whole of a small file. Throws NotWritten or DurabilityUnsure.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content);
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// A file to which whole records are appended, each with one write(2) under O_APPEND, so that a killed process leaves at most
// one torn record, the last. A record that could not be written whole is cut off again.
class AppendFile {
 public:
  explicit AppendFile(std::filesystem::path path);  // made when it is not there
  void append(std::string_view record);
  void truncate(uint64_t bytes);
  void sync();
  uint64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  Descriptor fd_;
  uint64_t size_ = 0;
  bool torn_ = false;  // a torn record could not be cut off: another one after it would be glued to it
};

// A large file that is filled in any order, by several threads, under a name of its own. It stays when the process is killed, so
// that the next one can go on; it takes its place under the target's name only when it is complete.
class WorkFile {
 public:
  // Opens the file, or makes it. Then existed() says which.
  explicit WorkFile(std::filesystem::path path);
  bool existed() const { return existed_; }
  // Makes it this long, empty, with its room on the disk taken: a full disk is found now.
  void begin(uint64_t bytes);
  void write(uint64_t at, std::span<const std::byte> bytes);  // any thread
  // Syncs it, renames it to the target (in the same folder) and syncs the folder. Throws NotWritten or DurabilityUnsure.
  void commit(const std::filesystem::path& target);

 private:
  std::filesystem::path path_;
  bool existed_ = false;
  Descriptor fd_;
};

// Holds a folder for one process. The lock is an flock on FOLDER/.lock (a file, since NFS cannot lock folders); the kernel gives
// it back when the process ends, however it ends.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& folder);  // throws when another process holds it

 private:
  Descriptor fd_;
};

// A regular file, mapped for reading; its size is the one it had when it was opened. (A file that another program shortens
// while it is mapped ends the process; thorax itself only ever replaces files.)
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const;

 private:
  std::span<const std::byte> bytes_;
};

// Something of this name is there, be it a link to nothing.
bool path_exists(const std::filesystem::path& path);
// Makes a folder and those above it.
void make_directories(const std::filesystem::path& folder);
// False when it was not there.
bool remove_file(const std::filesystem::path& path);
// What killed processes left behind in this folder (not below it). To be called under the folder's lock.
void remove_stale_temporaries(const std::filesystem::path& folder);

}  // namespace thorax
