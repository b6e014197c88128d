// How alike two orders are.
#pragma once

#include <optional>
#include <span>

namespace thorax::metrics {

// Spearman's rank correlation, -1 to 1; equal values share their mean rank. nullopt where one of them is the same everywhere.
std::optional<double> rank_correlation(std::span<const float> a, std::span<const float> b);

}  // namespace thorax::metrics
