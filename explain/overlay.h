// A heat map over the radiograph that it explains, with what a reader has to know written on it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "explain/bitmap_font.h"
#include "explain/colormap.h"

namespace thorax::explain {

struct OverlayStyle {
  Colormap colormap = Colormap::inferno;
  float opacity = 0.5F;  // of the colours, 0 to 1
  bool fade = true;      // less of them where the map is low: what the model passed over stays a radiograph
};

struct OverlayText {
  std::string class_name;
  float probability = 0;
  std::optional<float> threshold;  // nullopt: the class has none
};

struct OverlayBoxes {
  std::vector<data::Box> truth;    // solid
  std::optional<data::Box> found;  // dashed
};

// As large as the radiograph. grey: [height,width], as a reader sees it; map: [height,width], 0 to 1. Throws Error(defect) when
// the sizes differ.
Picture overlay_picture(const std::vector<uint8_t>& grey, const std::vector<float>& map, int64_t width, int64_t height,
                        const OverlayText& text, const OverlayBoxes& boxes, const OverlayStyle& style);

// Makes it smaller, if need be, so that no side is longer than this: the mean over the pixels that each new one covers.
Picture reduced(const Picture& picture, int64_t longest);

// Throws Error(machine) without memory.
std::vector<uint8_t> png_of(const Picture& picture);

}  // namespace thorax::explain
