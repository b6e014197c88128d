#include "tensor/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "tensor/file_calls.h"

namespace thorax {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_suffix = ".thorax-tmp";

// The umask can only be read by setting it; before main there is no other thread that could make a file in between.
mode_t current_umask() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}
const mode_t file_mode = 0666 & ~current_umask();

// A path that cannot be used is the user's to mend, everything else the machine's.
Fault fault_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case EEXIST:
    case ENAMETOOLONG: return Fault::input;
    default: return Fault::machine;
  }
}

std::string reason(int error) {
  return std::system_category().message(error);
}

template <class Kind = Error>
[[noreturn]] void fail(const fs::path& path, const char* doing, int error) {
  throw Kind(fault_of(error), str(path.string(), ": ", doing, ": ", reason(error)));
}

[[noreturn]] void not_written(const fs::path& path, const char* doing, int error) {
  throw NotWritten(fault_of(error), str(path.string(), ": not written (", doing, "): ", reason(error)));
}

int open_retrying(const fs::path& path, int flags, mode_t mode = 0) {
  for (;;) {
    const int fd = file_calls().open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// 0, or the errno. File systems that cannot sync a directory answer EINVAL; there is nothing more to be had from them.
int sync_directory(const fs::path& folder) {
  Descriptor fd(open_retrying(folder, O_RDONLY | O_DIRECTORY));
  if (!fd) return errno;
  if (file_calls().fsync(fd.get()) != 0 && errno != EINVAL) return errno;
  return 0;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  close();
}

int Descriptor::close() {
  return fd_ < 0 ? 0 : file_calls().close(release());
}

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  static std::atomic<unsigned> counter{0};
  // A stale file of a dead process with our number may stand in the way: the next name then.
  for (int attempt = 0; attempt < 100 && !fd_; ++attempt) {
    const auto name = str('.', target_.filename().string(), '.', ::getpid(), '-', counter.fetch_add(1), temporary_suffix);
    temporary_ = folder_of(target_) / name;
    fd_ = Descriptor(open_retrying(temporary_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (!fd_ && errno != EEXIST) break;
  }
  if (!fd_) not_written(target_, "a temporary file beside it", errno);
  pending_ = true;
}

AtomicFile::~AtomicFile() {
  fd_.close();
  if (pending_) file_calls().unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = file_calls().write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) not_written(target_, "write", n < 0 ? errno : EIO);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
}

void AtomicFile::finish() {
  if (file_calls().fchmod(fd_.get(), file_mode) != 0) not_written(target_, "mode", errno);
  if (file_calls().fsync(fd_.get()) != 0) not_written(target_, "fsync", errno);
  // EINTR: Linux has closed it all the same, and the data is synced.
  if (fd_.close() != 0 && errno != EINTR) not_written(target_, "close", errno);
}

void AtomicFile::commit(const fs::path& previous) {
  FileCalls& calls = file_calls();
  bool kept = false;
  if (!previous.empty()) {
    kept = calls.rename(target_.c_str(), previous.c_str()) == 0;
    if (!kept && errno != ENOENT) not_written(target_, "keeping the one before it", errno);
  }
  if (calls.rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int error = errno;
    if (kept) calls.rename(previous.c_str(), target_.c_str());
    not_written(target_, "rename", error);
  }
  pending_ = false;
  if (const int error = sync_directory(folder_of(target_)); error != 0) {
    throw DurabilityUnsure(
        Fault::machine,
        str(target_.string(), ": written, but a loss of power may undo it (fsync of the folder): ", reason(error)));
  }
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> content) {
  AtomicFile file(path);
  file.write(content);
  file.finish();
  file.commit();
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content)));
}

AppendFile::AppendFile(fs::path path)
    : path_(std::move(path)), fd_(open_retrying(path_, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0666)) {
  if (!fd_) fail(path_, "cannot be opened for appending", errno);
  struct stat status {};
  if (file_calls().fstat(fd_.get(), &status) != 0) fail(path_, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) throw Error(Fault::input, str(path_.string(), ": not a regular file"));
  size_ = static_cast<uint64_t>(status.st_size);
  if (const int error = sync_directory(folder_of(path_)); error != 0) fail(path_, "fsync of its folder", error);
}

void AppendFile::append(std::string_view record) {
  if (torn_) throw NotWritten(Fault::machine, str(path_.string(), ": ends in a torn record; nothing more is appended"));
  ssize_t n = 0;
  do {
    n = file_calls().write(fd_.get(), record.data(), record.size());
  } while (n < 0 && errno == EINTR);
  if (n == static_cast<ssize_t>(record.size())) {
    size_ += record.size();
    return;
  }
  // Less than the whole was taken: the disk is full, as a rule.
  const int error = n < 0 ? errno : ENOSPC;
  if (n > 0) torn_ = file_calls().ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0;
  not_written(path_, "append", error);
}

void AppendFile::truncate(uint64_t bytes) {
  if (file_calls().ftruncate(fd_.get(), static_cast<off_t>(bytes)) != 0) fail(path_, "cannot be shortened", errno);
  size_ = bytes;
}

void AppendFile::sync() {
  if (file_calls().fsync(fd_.get()) != 0) fail<DurabilityUnsure>(path_, "fsync", errno);
}

WorkFile::WorkFile(fs::path path)
    : path_(std::move(path)), fd_(open_retrying(path_, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) {
  existed_ = static_cast<bool>(fd_);
  if (!fd_ && errno == ENOENT) fd_ = Descriptor(open_retrying(path_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0666));
  if (!fd_) not_written(path_, "open", errno);
  struct stat status {};
  if (file_calls().fstat(fd_.get(), &status) != 0) fail(path_, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) throw Error(Fault::input, str(path_.string(), ": not a regular file"));
}

void WorkFile::begin(uint64_t bytes) {
  if (file_calls().ftruncate(fd_.get(), 0) != 0) not_written(path_, "emptying it", errno);
  if (const int error = file_calls().fallocate(fd_.get(), static_cast<off_t>(bytes)); error != 0) {
    file_calls().ftruncate(fd_.get(), 0);
    not_written(path_, "room for it", error);
  }
}

void WorkFile::write(uint64_t at, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = file_calls().pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) not_written(path_, "write", n < 0 ? errno : EIO);
    bytes = bytes.subspan(static_cast<size_t>(n));
    at += static_cast<uint64_t>(n);
  }
}

void WorkFile::commit(const fs::path& target) {
  if (file_calls().fsync(fd_.get()) != 0) not_written(path_, "fsync", errno);
  if (fd_.close() != 0 && errno != EINTR) not_written(path_, "close", errno);
  if (file_calls().rename(path_.c_str(), target.c_str()) != 0) not_written(target, "rename", errno);
  if (const int error = sync_directory(folder_of(target)); error != 0)
    throw DurabilityUnsure(
        Fault::machine,
        str(target.string(), ": written, but a loss of power may undo it (fsync of the folder): ", reason(error)));
}

DirectoryLock::DirectoryLock(const fs::path& folder) : fd_(open_retrying(folder / ".lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600)) {
  if (!fd_) fail(folder, "cannot be locked", errno);
  while (file_calls().flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) fail(folder, "cannot be locked", errno);
    throw Error(Fault::input, str("another thorax is using ", folder.string()), "wait until it ends, or choose another folder");
  }
}

MappedFile::MappedFile(const fs::path& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const Descriptor fd(open_retrying(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!fd) fail(path, "cannot be opened", errno);
  struct stat status {};
  if (file_calls().fstat(fd.get(), &status) != 0) fail(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) throw Error(Fault::input, str(path.string(), ": not a regular file"));
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return;
  void* start = file_calls().map(fd.get(), size);
  if (start == MAP_FAILED) fail(path, "cannot be read", errno);
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string_view MappedFile::text() const {
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

bool path_exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void make_directories(const fs::path& folder) {
  if (file_calls().mkdir(folder.c_str(), 0777) == 0) {
    // Not an error when it fails: a folder that is lost with the power loses nothing that was reported as written.
    sync_directory(folder_of(folder));
    return;
  }
  const int error = errno;
  if (error == EEXIST && fs::is_directory(folder)) return;
  const fs::path parent = folder_of(folder);
  if (error != ENOENT || parent == folder || parent == ".") fail(folder, "the folder cannot be made", error);
  make_directories(parent);
  if (file_calls().mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) fail(folder, "the folder cannot be made", errno);
  sync_directory(parent);
}

bool remove_file(const fs::path& path) {
  if (file_calls().unlink(path.c_str()) == 0) return true;
  if (errno != ENOENT) fail(path, "cannot be removed", errno);
  return false;
}

void remove_stale_temporaries(const fs::path& folder) {
  std::vector<fs::path> stale;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with('.') && name.ends_with(temporary_suffix)) stale.push_back(it->path());
  }
  if (error) throw Error(Fault::machine, str(folder.string(), ": cannot be listed: ", error.message()));
  for (const fs::path& path : stale) remove_file(path);
}

}  // namespace thorax
