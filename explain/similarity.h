// How alike two maps of the same cells are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace thorax::explain {

// Spearman's rank correlation, -1 to 1; equal values share their mean rank. nullopt where one of them is the same everywhere.
std::optional<double> rank_correlation(std::span<const float> a, std::span<const float> b);

// Structural similarity (Wang et al., IEEE TIP 2004; SSIM): the mean over the cells of [height,width], values from 0 to 1, in
// windows of 11x11 with Gaussian weights of sigma 1.5; what lies outside has no weight. 1: the same map.
double structural_similarity(std::span<const float> a, std::span<const float> b, int64_t width);

}  // namespace thorax::explain
