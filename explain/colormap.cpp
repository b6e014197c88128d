#include "explain/colormap.h"

#include <algorithm>
#include <cmath>

namespace thorax::explain {

namespace {

// Every eighth of the way; between them the colours are interpolated.
constexpr std::array<uint32_t, 9> viridis{0x440154, 0x472C7A, 0x3B518B, 0x2C718E, 0x21908D,
                                          0x27AD81, 0x5CC863, 0xAADC32, 0xFDE725};
constexpr std::array<uint32_t, 9> inferno{0x000004, 0x1F0C48, 0x550F6D, 0x88226A, 0xBA3655,
                                          0xE35933, 0xF98C0A, 0xF9C932, 0xFCFFA4};
constexpr std::array<uint32_t, 9> jet{0x000080, 0x0000FF, 0x0080FF, 0x00FFFF, 0x80FF80, 0xFFFF00, 0xFF8000, 0xFF0000, 0x800000};

}  // namespace

std::optional<Colormap> colormap_of(const std::string& name) {
  if (name == "viridis") return Colormap::viridis;
  if (name == "inferno") return Colormap::inferno;
  if (name == "jet") return Colormap::jet;
  return std::nullopt;
}

std::array<uint8_t, 3> color_of(Colormap map, float value) {
  const auto& colors = map == Colormap::viridis ? viridis : map == Colormap::inferno ? inferno : jet;
  const float place = (value > 0 ? std::min(value, 1.0F) : 0.0F) * 8.0F;
  const auto first = std::min<size_t>(static_cast<size_t>(place), 7);
  const float part = place - static_cast<float>(first);
  std::array<uint8_t, 3> color{};
  for (size_t c = 0; c < 3; ++c) {
    const auto of = [&](uint32_t rgb) { return static_cast<float>(rgb >> (16 - 8 * c) & 0xFFU); };
    color[c] = static_cast<uint8_t>(std::lround(of(colors[first]) * (1 - part) + of(colors[first + 1]) * part));
  }
  return color;
}

}  // namespace thorax::explain
