#include "data/cache.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "data/cache_source.h"
#include "data/image_archive.h"
#include "data/parallel.h"
#include "tensor/checksum.h"

namespace thorax::data {

namespace {

namespace fs = std::filesystem;

uint64_t plane_bytes_of(const Recipe& recipe) {
  return static_cast<uint64_t>(recipe.size * recipe.size);
}

// A cache on the disk and where each image of its own has its place.
class OldCache {
 public:
  OldCache(const fs::path& file, const Recipe& recipe) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return;
    file_.emplace(file);
    view_ = view_cache(file_->bytes(), cache_key(recipe), plane_bytes_of(recipe));
    if (!view_.reason.empty()) return;
    for (uint64_t i = 0; i < view_.header.images; ++i) {
      if (const CacheRecord r = view_.record(i); r.checksum != 0) places_.emplace(r.name, i);
    }
  }
  const CacheView& view() const { return view_; }
  bool usable() const { return file_ && view_.reason.empty(); }
  std::optional<uint64_t> find(uint64_t name) const {
    const auto it = places_.find(name);
    return it == places_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  std::optional<MappedFile> file_;
  CacheView view_;
  std::unordered_map<uint64_t, uint64_t> places_;
};

// Fills a work file.
class Builder {
 public:
  Builder(const fs::path& file, const Manifest& manifest, const Recipe& recipe, const CacheOptions& options)
      : file_(file),
        partial_(fs::path(file) += ".partial"),
        manifest_(manifest),
        recipe_(recipe),
        options_(options),
        layout_{manifest.rows.size(), plane_bytes_of(recipe)},
        records_(manifest.rows.size()) {
    std::vector<uint64_t> names(manifest.rows.size());
    for (size_t i = 0; i < names.size(); ++i) names[i] = records_[i].name = name_of(manifest, i);
    const std::string key = cache_key(recipe);
    if (key.size() >= header_.key.size()) throw Error(Fault::defect, "cache: the preprocessing does not fit its header");
    header_.images = layout_.images;
    header_.plane_bytes = layout_.plane_bytes;
    header_.names = xxh64(std::as_bytes(std::span(names)));
    std::copy(key.begin(), key.end(), header_.key.begin());
  }

  CacheReport run() {
    const OldCache before(file_, recipe_);
    const OldCache begun(partial_, recipe_);
    WorkFile work(partial_);
    // Only a file of the same images is gone on with; from others nothing but whole planes could be used, and those come from the
    // finished one.
    const bool resumed = begun.usable() && begun.view().header.names == header_.names;
    if (!resumed) {
      work.begin(layout_.bytes());
      write_header(work);
    }
    report_.bytes = layout_.bytes();
    in_parallel(layout_.images, options_.threads, [&](size_t i) {
      if (stopped_ || (options_.stop && options_.stop())) {
        stopped_ = true;
        return;
      }
      if (!(resumed && keep(begun, i)) && !copy(before, i, work)) make(i, work);
      const std::scoped_lock lock(mutex_);
      if (options_.after_image) options_.after_image(++done_);
    });
    std::sort(report_.unreadable.begin(), report_.unreadable.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
    for (const CacheRecord& r : records_) report_.images += r.checksum != 0 ? 1 : 0;
    report_.decoded = decoded_;
    report_.complete = !stopped_;
    if (stopped_) return std::move(report_);
    finish(work);
    return std::move(report_);
  }

 private:
  void write_header(WorkFile& work) {
    header_.checksum = checksum_of(header_);
    work.write(0, std::as_bytes(std::span(&header_, 1)));
  }

  // Done before the last call was killed.
  bool keep(const OldCache& begun, size_t i) {
    const CacheRecord r = begun.view().record(i);
    if (r.name != records_[i].name || !begun.view().plane_is_sound(i) || !is_unaltered(manifest_, i, r)) return false;
    records_[i] = r;
    return true;
  }

  bool copy(const OldCache& before, size_t i, WorkFile& work) {
    const auto place = before.usable() ? before.find(records_[i].name) : std::nullopt;
    if (!place || !before.view().plane_is_sound(*place)) return false;
    const CacheRecord r = before.view().record(*place);
    if (!is_unaltered(manifest_, i, r)) return false;
    put(i, r, before.view().plane(*place), work);
    return true;
  }

  void make(size_t i, WorkFile& work) {
    try {
      CacheRecord r = status_of(manifest_, i);
      r.content = content_of(manifest_, i);
      const std::vector<uint8_t> plane = preprocess(load_image(manifest_, i), recipe_);
      // A file that is being written meanwhile is left to the next time.
      const CacheRecord after = status_of(manifest_, i);
      if (after.modified != r.modified || after.changed != r.changed || after.file_bytes != r.file_bytes)
        throw Error(Fault::input, manifest_.rows[i].file.string() + ": changes while it is read");
      r.plane = xxh64(std::as_bytes(std::span(plane)));
      r.checksum = checksum_of(r);
      put(i, r, plane, work);
      ++decoded_;
    } catch (const Error& e) {
      if (e.fault() != Fault::input || dynamic_cast<const NotWritten*>(&e) != nullptr) throw;
      const CacheRecord nothing;
      work.write(layout_.record_at(i), std::as_bytes(std::span(&nothing, 1)));
      const std::scoped_lock lock(mutex_);
      report_.unreadable.push_back({i, e.what()});
    }
  }

  // The plane before its record: a record that is there says that its plane is.
  void put(size_t i, const CacheRecord& record, std::span<const uint8_t> plane, WorkFile& work) {
    work.write(layout_.plane_at(i), std::as_bytes(plane));
    work.write(layout_.record_at(i), std::as_bytes(std::span(&record, 1)));
    records_[i] = record;
  }

  void finish(WorkFile& work) {
    for (CacheRecord& r : records_) {
      if (r.checksum == 0) r = CacheRecord{};
    }
    header_.complete = 1;
    header_.records = xxh64(std::as_bytes(std::span(records_)));
    write_header(work);
    work.commit(file_);
  }

  const fs::path file_, partial_;
  const Manifest& manifest_;
  const Recipe& recipe_;
  const CacheOptions& options_;
  const CacheLayout layout_;
  CacheHeader header_;
  std::vector<CacheRecord> records_;
  CacheReport report_;
  std::mutex mutex_;
  int64_t done_ = 0;
  std::atomic<int64_t> decoded_ = 0;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

fs::path cache_file(const fs::path& folder, const fs::path& table, const Recipe& recipe) {
  const fs::path whole = fs::absolute(table).lexically_normal();
  const std::string text = whole.string() + '\n' + cache_key(recipe);
  std::string name;
  for (char c : whole.stem().string().substr(0, 40)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    name += plain ? c : '_';
  }
  return folder / (name + '-' + hex_of(xxh64(std::as_bytes(std::span(text)))) + ".cache");
}

std::shared_ptr<CachedImages> CachedImages::open(const fs::path& file, const Manifest& manifest, const Recipe& recipe,
                                                 int threads, std::string& reason) {
  reason.clear();
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return nullptr;
  std::shared_ptr<CachedImages> images(new CachedImages(MappedFile(file)));
  images->view_ = view_cache(images->file_.bytes(), cache_key(recipe), plane_bytes_of(recipe));
  const CacheView& view = images->view_;
  reason = view.reason.empty() && view.header.complete == 0 ? "not complete" : view.reason;
  if (!reason.empty()) return nullptr;
  std::unordered_map<uint64_t, uint64_t> by_name;
  for (uint64_t i = 0; i < view.header.images; ++i) {
    if (const CacheRecord r = view.record(i); r.checksum != 0) by_name.emplace(r.name, i);
  }
  images->places_.assign(manifest.rows.size(), nowhere);
  images->checked_ = std::vector<std::atomic<uint8_t>>(view.header.images);
  std::atomic<size_t> altered = 0;
  in_parallel(manifest.rows.size(), threads, [&](size_t row) {
    const auto it = by_name.find(name_of(manifest, row));
    if (it == by_name.end()) return;
    if (is_unaltered(manifest, row, view.record(it->second)))
      images->places_[row] = it->second;
    else
      ++altered;
  });
  images->altered_ = altered;
  return images;
}

size_t CachedImages::images() const {
  return places_.size() - static_cast<size_t>(std::count(places_.begin(), places_.end(), nowhere));
}

std::span<const uint8_t> CachedImages::plane(size_t row) const {
  const uint64_t place = places_[row];
  if (place == nowhere) return {};
  uint8_t state = checked_[place];
  if (state == 0) checked_[place] = state = view_.plane_is_sound(place) ? 1 : 2;
  return state == 1 ? view_.plane(place) : std::span<const uint8_t>();
}

CacheReport build_cache(const fs::path& file, const Manifest& manifest, const Recipe& recipe, const CacheOptions& options) {
  make_directories(file.parent_path());
  const DirectoryLock lock(file.parent_path());
  return Builder(file, manifest, recipe, options).run();
}

}  // namespace thorax::data
