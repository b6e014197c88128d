#include "explain/truth.h"

#include <algorithm>

namespace thorax::explain {

bool points_into(const Point& peak, const std::vector<data::Box>& boxes) {
  return std::any_of(boxes.begin(), boxes.end(), [&](const data::Box& b) {
    const float x = peak.x + 0.5F;
    const float y = peak.y + 0.5F;
    return x >= b.x && x < b.x + b.width && y >= b.y && y < b.y + b.height;
  });
}

double overlap(const data::Box& a, const data::Box& b) {
  const double width = double{std::min(a.x + a.width, b.x + b.width)} - double{std::max(a.x, b.x)};
  const double height = double{std::min(a.y + a.height, b.y + b.height)} - double{std::max(a.y, b.y)};
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (double{a.width} * double{a.height} + double{b.width} * double{b.height} - both);
}

double best_overlap(const std::optional<data::Box>& found, const std::vector<data::Box>& boxes) {
  double best = 0;
  if (!found) return best;
  for (const data::Box& box : boxes) best = std::max(best, overlap(*found, box));
  return best;
}

}  // namespace thorax::explain
