#include "apps/scoring.h"

#include <algorithm>

namespace thorax {

metrics::Scores truth_of(const data::Manifest& manifest, const std::vector<size_t>& rows) {
  metrics::Scores s;
  s.classes = manifest.classes;
  s.n = static_cast<int64_t>(rows.size());
  for (size_t row : rows) {
    // A soft label is a guess to train with, no truth to measure against.
    for (float label : manifest.rows[row].labels) s.labels.push_back(label > 0 && label < 1 ? data::unknown_label : label);
  }
  s.probabilities.resize(s.labels.size(), 0.0F);
  return s;
}

namespace {

bool is_plain(const data::Transform& t) {
  return !t.mirror && t.degrees == 0 && t.zoom == 1 && t.shift_x == 0 && t.shift_y == 0;
}

// Fills the network's input with a view of each image.
void load_view(Network& network, const std::vector<uint8_t>& pixels, const data::Transform& view) {
  auto* to = network.bytes().as<uint8_t>();
  if (is_plain(view)) {
    std::copy(pixels.begin(), pixels.end(), to);
    return;
  }
  const int64_t size = network.bytes().shape[3];
  const auto bytes = static_cast<std::ptrdiff_t>(size * size);
  for (auto from = pixels.begin(); from != pixels.end(); from += bytes)
    to = std::copy_n(data::transformed({from, from + bytes}, size, view).begin(), bytes, to);
}

// The mean probabilities over the views; count: how many of the network's are wanted.
std::vector<float> mean_over_views(Network& network, const std::vector<uint8_t>& pixels, size_t count, const TestViews& views) {
  std::vector<double> sums(count, 0.0);
  for (const data::Transform& view : views) {
    load_view(network, pixels, view);
    network.run();
    const float* p = network.probabilities().as<float>();
    for (size_t i = 0; i < count; ++i) sums[i] += double{p[i]};
  }
  std::vector<float> means;
  means.reserve(count);
  for (const double sum : sums) means.push_back(static_cast<float>(sum / static_cast<double>(views.size())));
  return means;
}

}  // namespace

metrics::Scores score(Network& network, data::Loader& loader, const data::Manifest& manifest, const std::vector<size_t>& rows,
                      const std::function<void(const data::Batch&)>& after_batch, const TestViews& views) {
  metrics::Scores s = truth_of(manifest, rows);
  loader.start(0);
  data::Batch batch;
  while (loader.next(batch)) {
    if (batch.n == 0) continue;
    // A smaller last batch leaves old images behind it, whose results nobody reads.
    const std::vector<float> means = mean_over_views(network, batch.pixels, batch.labels.size(), views);
    std::copy(means.begin(), means.end(), s.probabilities.begin() + batch.first * static_cast<int64_t>(s.classes.size()));
    after_batch(batch);
  }
  return s;
}

std::vector<float> predict_plane(Network& network, const std::vector<uint8_t>& plane, const TestViews& views) {
  return mean_over_views(network, plane, static_cast<size_t>(network.probabilities().shape[1]), views);
}

}  // namespace thorax
