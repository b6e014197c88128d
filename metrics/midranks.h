// Ranks for statistics that ask for the order alone.
#pragma once

#include <span>
#include <vector>

namespace thorax::metrics {

// The rank of each value from 1, the mean rank where values are equal.
std::vector<double> midranks(std::span<const float> values);

}  // namespace thorax::metrics
