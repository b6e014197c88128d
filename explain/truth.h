// What a map finds beside what was marked by hand.
#pragma once

#include <optional>
#include <vector>

#include "data/manifest.h"
#include "explain/placement.h"

namespace thorax::explain {

// Whether the centre of that pixel lies in one of the boxes.
bool points_into(const Point& peak, const std::vector<data::Box>& boxes);

// Intersection over union of the two; 0 where they do not meet.
double overlap(const data::Box& a, const data::Box& b);

// The largest overlap with one of the boxes; 0 without a box.
double best_overlap(const std::optional<data::Box>& found, const std::vector<data::Box>& boxes);

}  // namespace thorax::explain
