// Class activation maps: from what a layer puts out, and the gradient of a class's score with regard to it, to one map that says
// where the score comes from. docs/explain.md has the equations.
#pragma once

#include <string>
#include <vector>

#include "explain/planes.h"

namespace thorax::explain {

enum class Method : uint8_t {
  grad_cam,       // Selvaraju et al., ICCV 2017
  grad_cam_plus,  // Chattopadhay et al., WACV 2018 (Grad-CAM++)
  hires_cam,      // Draelos & Carin, 2020
  layer_cam,      // Jiang et al., IEEE TIP 2021
};
const std::vector<std::string>& method_names();  // as flags spell them, in the order above
Method method_of(const std::string& name);       // Throws Error(input) that lists the names.

// activations and gradients: [K,h,w]. The map [1,h,w], negative values set to 0, not scaled.
Planes cam(Method method, const Planes& activations, const Planes& gradients);

// Grad-CAM of every class at the last feature map: there dY_c/dA_k is W[c,k] / (h w) in every pixel, so that
// map_c = relu(sum_k W[c,k] A_k) / (h w), exactly, without a backward pass. features: [K,h,w]; weight: [C,K]. Returns [C,h,w].
// Grad-CAM, HiResCAM and (with positive weights) all others agree here but for their scale.
Planes head_cams(const Planes& features, const float* weight, int64_t classes);
// The same before the ReLU: what speaks against a class, too.
Planes head_scores(const Planes& features, const float* weight, int64_t classes);

}  // namespace thorax::explain
