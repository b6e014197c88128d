#include "data/cache_source.h"

#include <sys/stat.h>

#include <chrono>

#include "data/image_archive.h"
#include "tensor/checksum.h"
#include "tensor/file.h"

namespace thorax::data {

namespace {

constexpr int64_t second = 1000000000;
// To be raised when decoding or preprocessing gives other bytes for a file than before, within a version of thorax.
constexpr int pixels_revision = 1;

int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * second + time.tv_nsec;
}

}  // namespace

std::string cache_key(const Recipe& recipe) {
  std::string text = str("thorax " THORAX_VERSION ", pixels ", pixels_revision, '\n');
  for (const auto& [key, value] : to_metadata(recipe)) {
    // These two come later, in the first kernel.
    if (key != "preprocess.mean" && key != "preprocess.std") text += key + '=' + value + '\n';
  }
  return text;
}

uint64_t name_of(const Manifest& manifest, size_t row) {
  const Row& r = manifest.rows[row];
  const std::string name = str(std::filesystem::absolute(r.file).lexically_normal().string(), '\n', r.member);
  return xxh64(std::as_bytes(std::span(name)));
}

CacheRecord status_of(const Manifest& manifest, size_t row) {
  const Row& r = manifest.rows[row];
  struct stat status {};
  if (::stat(r.file.c_str(), &status) != 0) throw Error(Fault::input, r.file.string() + ": no such file");
  CacheRecord record;
  record.name = name_of(manifest, row);
  record.file_bytes = static_cast<uint64_t>(status.st_size);
  record.modified = nanoseconds(status.st_mtim);
  record.changed = nanoseconds(status.st_ctim);
  record.seen = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return record;
}

uint64_t content_of(const Manifest& manifest, size_t row) {
  const Row& r = manifest.rows[row];
  if (r.member == no_member) return xxh64(MappedFile(r.file).bytes());
  const Image image = manifest.archive->image(r.member);
  return xxh64(std::as_bytes(std::span(image.grey)));
}

bool is_unaltered(const Manifest& manifest, size_t row, const CacheRecord& record) {
  try {
    const CacheRecord now = status_of(manifest, row);
    if (now.file_bytes != record.file_bytes) return false;
    // A file written within the clock's grain of being read may have been written once more since, at the same time.
    const bool settled = record.changed + 2 * second < record.seen;
    if (settled && now.modified == record.modified && now.changed == record.changed) return true;
    return content_of(manifest, row) == record.content;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace thorax::data
