#include "data/check.h"

#include <atomic>
#include <thread>

#include "data/image.h"

namespace thorax::data {

std::vector<Unreadable> check_images(const Manifest& manifest, int threads) {
  std::vector<std::string> reasons(manifest.rows.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < reasons.size(); i = next++) {
      // Members of an archive were checked when it was opened.
      if (manifest.rows[i].member == no_member) reasons[i] = why_unreadable(manifest.rows[i].file);
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < threads; ++t) workers.emplace_back(work);
    work();
  }
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
