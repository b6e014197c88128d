#include "apps/image_cache.h"

#include <cstdlib>

#include "apps/console.h"
#include "apps/printable.h"

namespace thorax {

namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Flag cache_flag() {
  return {"cache", "DIR", "where preprocessed images and plans of GPUs are kept; none: do without", ""};
}

std::filesystem::path cache_folder(const Flags& flags) {
  const std::string& given = flags.text("cache");
  if (given == "none") return {};
  if (!given.empty()) return given;
  // The XDG base directory specification: a relative path there is to be ignored.
  const std::filesystem::path xdg = from_environment("XDG_CACHE_HOME");
  if (xdg.is_absolute()) return xdg / "thorax";
  const std::filesystem::path home = from_environment("HOME");
  return home.is_absolute() ? home / ".cache" / "thorax" : std::filesystem::path();
}

std::shared_ptr<const data::CachedImages> find_cache(const std::filesystem::path& folder, const std::filesystem::path& table,
                                                     const data::Manifest& manifest, const data::Recipe& recipe, int threads,
                                                     std::string& line) {
  line.clear();
  if (folder.empty()) return nullptr;
  const std::filesystem::path file = data::cache_file(folder, table, recipe);
  const std::string shown = printable(file.string());
  std::string reason;
  auto cache = data::CachedImages::open(file, manifest, recipe, threads, reason);
  if (cache == nullptr) {
    if (!reason.empty()) line = str("cache   not used: ", shown, ": ", reason, '\n');
    return nullptr;
  }
  const auto number = [](size_t n) { return with_commas(static_cast<int64_t>(n)); };
  line = str("cache   ", number(cache->images()), " of ", number(manifest.rows.size()), " images",
             cache->altered() > 0 ? str(" (", number(cache->altered()), " have changed)") : "", ": ", shown, '\n');
  return cache;
}

}  // namespace thorax
