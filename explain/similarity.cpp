#include "explain/similarity.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace thorax::explain {

namespace {

// Weighted moments of two maps in the window around one cell.
struct Moments {
  double weight = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;

  void add(double w, double x, double y) {
    weight += w;
    a += w * x;
    b += w * y;
    aa += w * x * x;
    bb += w * y * y;
    ab += w * x * y;
  }
  double similarity() const {
    constexpr double c1 = 0.01 * 0.01;
    constexpr double c2 = 0.03 * 0.03;
    const double ma = a / weight;
    const double mb = b / weight;
    const double va = aa / weight - ma * ma;
    const double vb = bb / weight - mb * mb;
    const double covariance = ab / weight - ma * mb;
    return (2 * ma * mb + c1) * (2 * covariance + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
  }
};

}  // namespace

double structural_similarity(std::span<const float> a, std::span<const float> b, int64_t width) {
  constexpr int64_t radius = 5;
  constexpr double sigma = 1.5;
  const auto height = static_cast<int64_t>(a.size()) / width;
  double sum = 0;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      Moments m;
      for (int64_t v = std::max<int64_t>(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
        for (int64_t u = std::max<int64_t>(0, x - radius); u <= std::min(width - 1, x + radius); ++u) {
          const auto distance = static_cast<double>((u - x) * (u - x) + (v - y) * (v - y));
          const auto i = static_cast<size_t>(v * width + u);
          m.add(std::exp(-distance / (2 * sigma * sigma)), double{a[i]}, double{b[i]});
        }
      }
      sum += m.similarity();
    }
  }
  return sum / static_cast<double>(a.size());
}

}  // namespace thorax::explain
