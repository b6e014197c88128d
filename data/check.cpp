#include "data/check.h"

#include "data/cache.h"
#include "data/image.h"
#include "data/parallel.h"

namespace thorax::data {

std::vector<Unreadable> check_images(const Manifest& manifest, int threads, const CachedImages* cache) {
  std::vector<std::string> reasons(manifest.rows.size());
  in_parallel(reasons.size(), threads, [&](size_t i) {
    // Members of an archive were checked when it was opened.
    if (manifest.rows[i].member == no_member && (cache == nullptr || !cache->has(i)))
      reasons[i] = why_unreadable(manifest.rows[i].file);
  });
  std::vector<Unreadable> bad;
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (!reasons[i].empty()) bad.push_back({i, reasons[i]});
  }
  return bad;
}

void drop_rows(Manifest& manifest, const std::vector<Unreadable>& bad) {
  std::vector<bool> drop(manifest.rows.size(), false);
  for (const Unreadable& b : bad) drop[b.row] = true;
  std::vector<Row> kept;
  for (size_t i = 0; i < drop.size(); ++i) {
    if (!drop[i]) kept.push_back(std::move(manifest.rows[i]));
  }
  manifest.rows = std::move(kept);
}

}  // namespace thorax::data
