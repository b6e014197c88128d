// Colours for a heat map's values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace thorax::explain {

// viridis and inferno (van der Walt and Smith, 2015) grow evenly lighter, also to colour-blind eyes and in print; jet is what the
// paper shows.
enum class Colormap : uint8_t { viridis, inferno, jet };
std::optional<Colormap> colormap_of(const std::string& name);

// value: 0 to 1; what lies outside takes the colour of the end.
std::array<uint8_t, 3> color_of(Colormap map, float value);

}  // namespace thorax::explain
