// How alike two maps of the same cells are.
#pragma once

#include <cstdint>
#include <span>

namespace thorax::explain {

// Structural similarity (Wang et al., IEEE TIP 2004; SSIM): the mean over the cells of [height,width], values from 0 to 1, in
// windows of 11x11 with Gaussian weights of sigma 1.5; what lies outside has no weight. 1: the same map.
double structural_similarity(std::span<const float> a, std::span<const float> b, int64_t width);

}  // namespace thorax::explain
