// The models of an explanation: one, or several whose maps are averaged.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/model_file.h"
#include "data/image.h"
#include "explain/layer_cam.h"

namespace thorax {

struct ExplainMethod {
  std::string layer{};  // empty: the last feature map, where all classes come from the head's weights
  explain::Method method = explain::Method::grad_cam;
  explain::Target target = explain::Target::logit;
};

// What the models say of one image, and why.
struct Explanation {
  std::vector<float> probabilities;  // [C], the mean over the models
  std::vector<explain::Planes> raw;  // of each model: [C,h,w] as computed, not scaled
};

// Where the time of an image goes.
struct ExplainTimes {
  double predict = 0, maps = 0, pictures = 0;  // in seconds; predict: with reading and preprocessing the image
};

class Explainer {
 public:
  // runs: run folders or model files. Throws Error(input) where their classes differ, or a model does not have the layer.
  Explainer(const std::vector<std::string>& runs, const ExplainMethod& method, const Stream& stream);

  const ModelDescription& first() const { return members_.front().model->description(); }
  const std::vector<std::string>& classes() const { return first().classes; }
  size_t size() const { return members_.size(); }
  LoadedModel& model(size_t member) const { return *members_[member].model; }

  // Adds its seconds to times.
  Explanation explain(const data::Image& image, ExplainTimes& times) const;
  // The map of a class on the image's matrix, [height,width] from 0 to 1: the mean over the models of each one's map divided by
  // its scale, [models]; empty: by the largest value that this class has in this image.
  std::vector<float> on_original(const Explanation& e, size_t class_index, const data::Image& image,
                                 const std::vector<float>& scales) const;

 private:
  struct Member {
    std::unique_ptr<LoadedModel> model;
    std::vector<size_t> place;  // [C]: which of its classes is the first's k-th
    Arena arena{};
    std::unique_ptr<explain::LayerCam> layer{};
  };
  explain::Planes maps_of(Member& member, const std::vector<uint8_t>& plane) const;

  ExplainMethod method_;
  std::vector<size_t> all_;  // 0, 1, ... C - 1
  mutable std::vector<Member> members_;
};

}  // namespace thorax
