#include "explain/cam.h"

#include <algorithm>
#include <numeric>

namespace thorax::explain {

namespace {

using Sums = std::vector<double>;

Planes rectified(const Sums& sums, int64_t height, int64_t width) {
  Planes map(1, height, width);
  std::transform(sums.begin(), sums.end(), map.values.begin(), [](double x) { return static_cast<float>(std::max(0.0, x)); });
  return map;
}

void add_scaled(Sums& sums, double factor, const float* plane) {
  for (size_t p = 0; p < sums.size(); ++p) sums[p] += factor * double{plane[p]};
}

double mean(const float* plane, int64_t pixels) {
  return std::accumulate(plane, plane + pixels, 0.0) / static_cast<double>(pixels);
}

// Grad-CAM++'s weight of a channel: sum of relu(g) g^2 / (2 g^2 + g^3 sum A + eps).
double plus_weight(const float* activation, const float* gradient, int64_t pixels) {
  constexpr double eps = 1e-6;
  const double total = std::accumulate(activation, activation + pixels, 0.0);
  double weight = 0;
  for (int64_t p = 0; p < pixels; ++p) {
    const double g = gradient[p];
    if (g <= 0) continue;
    weight += g * g * g / (2 * g * g + total * g * g * g + eps);
  }
  return weight;
}

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names{"grad-cam", "grad-cam++", "hires-cam", "layer-cam"};
  return names;
}

Method method_of(const std::string& name) {
  const auto& names = method_names();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end())
    throw Error(Fault::input, str("no method is named \"", name, "\""), "grad-cam, grad-cam++, hires-cam and layer-cam are");
  return static_cast<Method>(at - names.begin());
}

Planes cam(Method method, const Planes& a, const Planes& g) {
  if (a.values.size() != g.values.size()) throw Error(Fault::defect, "explain: a gradient of another shape");
  const int64_t pixels = a.pixels();
  Sums sums(static_cast<size_t>(pixels), 0.0);
  for (int64_t k = 0; k < a.count; ++k) {
    const float* activation = a.plane(k);
    const float* gradient = g.plane(k);
    switch (method) {
      case Method::grad_cam: add_scaled(sums, mean(gradient, pixels), activation); break;
      case Method::grad_cam_plus: add_scaled(sums, plus_weight(activation, gradient, pixels), activation); break;
      case Method::hires_cam:
        for (size_t p = 0; p < sums.size(); ++p) sums[p] += double{gradient[p]} * double{activation[p]};
        break;
      case Method::layer_cam:
        for (size_t p = 0; p < sums.size(); ++p) sums[p] += std::max(0.0, double{gradient[p]}) * double{activation[p]};
        break;
    }
  }
  return rectified(sums, a.height, a.width);
}

Planes head_scores(const Planes& features, const float* weight, int64_t classes) {
  Planes maps(classes, features.height, features.width);
  Sums sums(static_cast<size_t>(features.pixels()));
  const double share = 1.0 / static_cast<double>(features.pixels());
  for (int64_t c = 0; c < classes; ++c) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t k = 0; k < features.count; ++k) add_scaled(sums, double{weight[c * features.count + k]}, features.plane(k));
    std::transform(sums.begin(), sums.end(), maps.plane(c), [&](double s) { return static_cast<float>(s * share); });
  }
  return maps;
}

Planes head_cams(const Planes& features, const float* weight, int64_t classes) {
  Planes maps = head_scores(features, weight, classes);
  for (float& v : maps.values) v = std::max(0.0F, v);
  return maps;
}

}  // namespace thorax::explain
