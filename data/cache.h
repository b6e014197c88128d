// Preprocessed images in one memory-mapped file, so that decoding is done once. An image is taken from it only while its file is
// what it was (size, times, else content), the preprocessing is the same, and its checksum fits.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "data/cache_file.h"
#include "data/check.h"
#include "data/preprocess.h"
#include "tensor/file.h"

namespace thorax::data {

// The cache of this table and this preprocessing: a name in the folder, made of the table's and a digest of both.
std::filesystem::path cache_file(const std::filesystem::path& folder, const std::filesystem::path& table, const Recipe& recipe);

// The images of a manifest that a cache holds.
class CachedImages {
 public:
  // Opens the file and compares every image with its record; whose file has other times is read and its content compared.
  // nullopt: there is no such file, or it is no use (reason then says why).
  static std::shared_ptr<CachedImages> open(const std::filesystem::path& file, const Manifest& manifest, const Recipe& recipe,
                                            int threads, std::string& reason);

  bool has(size_t row) const { return places_[row] != nowhere; }
  size_t images() const;                       // of the manifest that are there
  size_t altered() const { return altered_; }  // whose files are not what they were
  // [size,size]; empty when it is not there or its checksum is wrong. Any thread. Lives as long as this.
  std::span<const uint8_t> plane(size_t row) const;

 private:
  static constexpr uint64_t nowhere = UINT64_MAX;
  explicit CachedImages(MappedFile file) : file_(std::move(file)) {}
  MappedFile file_;
  CacheView view_;
  std::vector<uint64_t> places_;
  size_t altered_ = 0;
  mutable std::vector<std::atomic<uint8_t>> checked_;  // 0: not yet, 1: sound, 2: damaged
};

struct CacheOptions {
  int threads = 1;
  std::function<void(int64_t done)> after_image;  // never twice at a time
  std::function<bool()> stop;                     // asked before each image
};

struct CacheReport {
  bool complete = false;  // false: stopped; what was done is kept, and the next call goes on
  int64_t images = 0;     // in the cache
  int64_t decoded = 0;    // in this call; the others were there
  uint64_t bytes = 0;
  std::vector<Unreadable> unreadable;  // left out
};

// Makes the cache of all images of the manifest, or goes on making it. What an older cache of the same name holds is copied, not
// decoded again. The folder is made and locked. Throws Error when it cannot be written or there is no room for it.
CacheReport build_cache(const std::filesystem::path& file, const Manifest& manifest, const Recipe& recipe,
                        const CacheOptions& options);

}  // namespace thorax::data
