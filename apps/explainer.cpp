#include "apps/explainer.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "apps/ensemble.h"
#include "explain/placement.h"

namespace thorax {

namespace {

// Adds the seconds from its making to its end.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds), start_(std::chrono::steady_clock::now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_;
};

std::unique_ptr<explain::LayerCam> layer_cam(LoadedModel& model, Arena& arena, const ExplainMethod& method,
                                             const Stream& stream) {
  const NetworkSpec spec = network_spec(model.description(), stream);
  const explain::LayerCamSpec cam{spec.model, spec.classes, spec.size,    spec.dtype,   spec.mean,
                                  spec.std,   spec.stream,  method.layer, method.target};
  return std::make_unique<explain::LayerCam>(cam, model.store(), arena);
}

}  // namespace

Explainer::Explainer(const std::vector<std::string>& runs, const ExplainMethod& method, const Stream& stream) : method_(method) {
  members_.resize(runs.size());  // in place from here on: a program knows its arena's address
  for (size_t i = 0; i < runs.size(); ++i) {
    Member& member = members_[i];
    const std::filesystem::path file = model_of_run(runs[i]);
    member.model = std::make_unique<LoadedModel>(file, 1, stream, true);
    member.place = class_places(classes(), member.model->description().classes, file.string(), runs[0]);
    if (!method.layer.empty()) member.layer = layer_cam(*member.model, member.arena, method, stream);
  }
  all_.resize(classes().size());
  std::iota(all_.begin(), all_.end(), size_t{0});
}

explain::Planes Explainer::maps_of(Member& member, const std::vector<uint8_t>& plane) const {
  if (member.layer) return member.layer->maps(plane, all_, method_.method);
  Network& network = member.model->network();
  explain::Planes maps =
      explain::head_cams(explain::planes_of(network.features(), 0), member.model->store().find(network.head_weight()).as<float>(),
                         static_cast<int64_t>(all_.size()));
  if (method_.target == explain::Target::logit) return maps;
  // The chain rule: dp/dz = p (1 - p).
  const float* p = network.probabilities().as<float>();
  for (int64_t k = 0; k < maps.count; ++k)
    for (int64_t i = 0; i < maps.pixels(); ++i) maps.plane(k)[i] *= p[k] * (1 - p[k]);
  return maps;
}

Explanation Explainer::explain(const data::Image& image, ExplainTimes& times) const {
  Explanation e;
  std::vector<double> sums(all_.size(), 0.0);
  for (Member& member : members_) {
    Network& network = member.model->network();
    std::vector<uint8_t> plane;
    {
      const Stopwatch watch(times.predict);
      plane = data::preprocess(image, member.model->description().recipe);
      const std::vector<float> p = predict_plane(network, plane, {{}});
      for (const size_t k : all_) sums[k] += double{p[member.place[k]]};
    }
    const Stopwatch watch(times.maps);
    const explain::Planes maps = maps_of(member, plane);
    explain::Planes ordered(maps.count, maps.height, maps.width);
    for (const size_t k : all_)
      std::copy_n(maps.plane(static_cast<int64_t>(member.place[k])), maps.pixels(), ordered.plane(static_cast<int64_t>(k)));
    e.raw.push_back(std::move(ordered));
  }
  for (const double sum : sums) e.probabilities.push_back(static_cast<float>(sum / static_cast<double>(size())));
  return e;
}

std::vector<float> Explainer::on_original(const Explanation& e, size_t class_index, const data::Image& image,
                                          const std::vector<float>& scales) const {
  std::vector<float> mean;
  for (size_t m = 0; m < members_.size(); ++m) {
    const explain::Planes& raw = e.raw[m];
    const float* map = raw.plane(static_cast<int64_t>(class_index));
    const float scale = scales.empty() ? *std::max_element(map, map + raw.pixels()) : scales[m];
    std::vector<float> placed =
        explain::on_original(map, raw.height, raw.width, members_[m].model->description().recipe, image.height, image.width);
    explain::normalise(placed, scale);
    if (mean.empty()) {
      mean = std::move(placed);
      continue;
    }
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += placed[i];
  }
  if (size() > 1)
    for (float& v : mean) v /= static_cast<float>(size());
  return mean;
}

}  // namespace thorax
