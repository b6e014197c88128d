#include "explain/overlay.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "data/stb.h"
#include "tensor/error.h"

namespace thorax::explain {

namespace {

std::string digits(float value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", double{value});
  return text.data();
}

// Letters of about a fortieth of the shorter side.
int64_t scale_of(const Picture& p) {
  return std::max<int64_t>(1, std::min(p.width, p.height) / 320);
}

void blend(Picture& p, const std::vector<uint8_t>& grey, const std::vector<float>& map, const OverlayStyle& style) {
  for (size_t i = 0; i < grey.size(); ++i) {
    const float value = std::isfinite(map[i]) ? std::clamp(map[i], 0.0F, 1.0F) : 0.0F;
    const float part = style.opacity * (style.fade ? value : 1.0F);
    const auto color = color_of(style.colormap, value);
    for (size_t c = 0; c < 3; ++c)
      p.rgb[3 * i + c] =
          static_cast<uint8_t>(std::lround(static_cast<float>(grey[i]) * (1 - part) + static_cast<float>(color[c]) * part));
  }
}

// White outside, black inside, so that it shows on every ground.
void draw_box(Picture& p, const data::Box& box, int64_t scale, bool dashed) {
  const auto left = std::lround(box.x), top = std::lround(box.y);
  const auto right = std::lround(box.x + box.width) - 1, bottom = std::lround(box.y + box.height) - 1;
  const int64_t thick = 2 * scale, dash = 6 * scale;
  const auto dot = [&](int64_t x, int64_t y, int64_t along, int64_t depth) {
    if (!p.holds(x, y) || (dashed && along / dash % 2 == 1)) return;
    std::fill_n(p.at(x, y), 3, static_cast<uint8_t>(depth < scale ? 255 : 0));
  };
  for (int64_t d = thick - 1; d >= 0; --d) {  // the white last: at the corners it lies on the black
    for (int64_t x = left; x <= right; ++x) dot(x, top + d, x - left, d), dot(x, bottom - d, x - left, d);
    for (int64_t y = top; y <= bottom; ++y) dot(left + d, y, y - top, d), dot(right - d, y, y - top, d);
  }
}

// At the right edge, the highest value above.
void draw_color_bar(Picture& p, int64_t scale, Colormap map) {
  const int64_t height = p.height / 3, width = 5 * scale;
  const int64_t left = p.width - width - 2 * scale, top = p.height - height - letter_height * scale - 2 * scale;
  if (height < 16 || left < 0) return;
  for (int64_t y = 0; y < height; ++y) {
    const auto color = color_of(map, 1 - static_cast<float>(y) / static_cast<float>(height - 1));
    for (int64_t x = 0; x < width; ++x) std::copy(color.begin(), color.end(), p.at(left + x, top + y));
  }
  draw_text(p, left - (letter_width + 1) * scale, top, scale, "1");
  draw_text(p, left - (letter_width + 1) * scale, top + height - letter_height * scale, scale, "0");
}

// The name, in as many lines as it needs, and what was said about it.
void write_text(Picture& p, int64_t scale, const OverlayText& text, const OverlayBoxes& boxes) {
  std::vector<std::string> lines;
  const auto fits = std::max<int64_t>(1, (p.width / scale - 1) / letter_width);
  for (size_t at = 0; at < text.class_name.size(); at += static_cast<size_t>(fits))
    lines.push_back(text.class_name.substr(at, static_cast<size_t>(fits)));
  lines.push_back("p " + digits(text.probability));
  if (text.threshold)
    lines.push_back((text.probability >= *text.threshold ? "+ cut-off " : "- cut-off ") + digits(*text.threshold));
  for (size_t i = 0; i < lines.size(); ++i) draw_text(p, 0, static_cast<int64_t>(i) * letter_height * scale, scale, lines[i]);
  std::string legend = boxes.truth.empty() ? "" : "box: truth";
  if (boxes.found) legend += legend.empty() ? "dashed: found" : ", dashed: found";
  if (!legend.empty()) draw_text(p, 0, p.height - letter_height * scale, scale, legend);
}

}  // namespace

Picture overlay_picture(const std::vector<uint8_t>& grey, const std::vector<float>& map, int64_t width, int64_t height,
                        const OverlayText& text, const OverlayBoxes& boxes, const OverlayStyle& style) {
  const auto pixels = static_cast<size_t>(width * height);
  if (grey.size() != pixels || map.size() != pixels)
    throw Error(Fault::defect,
                str("overlay: ", grey.size(), " grey pixels and ", map.size(), " of a map for ", width, "x", height));
  Picture picture{width, height, std::vector<uint8_t>(3 * pixels)};
  blend(picture, grey, map, style);
  const int64_t scale = scale_of(picture);
  for (const data::Box& box : boxes.truth) draw_box(picture, box, scale, false);
  if (boxes.found) draw_box(picture, *boxes.found, scale, true);
  draw_color_bar(picture, scale, style.colormap);
  write_text(picture, scale, text, boxes);
  return picture;
}

Picture reduced(const Picture& picture, int64_t longest) {
  const int64_t longer = std::max(picture.width, picture.height);
  if (longer <= longest) return picture;
  Picture small{
      std::max<int64_t>(1, picture.width * longest / longer), std::max<int64_t>(1, picture.height * longest / longer), {}};
  small.rgb.resize(static_cast<size_t>(3 * small.width * small.height));
  for (int64_t y = 0; y < small.height; ++y)
    for (int64_t x = 0; x < small.width; ++x) {
      const int64_t x0 = x * picture.width / small.width, x1 = (x + 1) * picture.width / small.width;
      const int64_t y0 = y * picture.height / small.height, y1 = (y + 1) * picture.height / small.height;
      for (int64_t c = 0; c < 3; ++c) {
        int64_t sum = 0;
        for (int64_t v = y0; v < y1; ++v)
          for (int64_t u = x0; u < x1; ++u) sum += picture.rgb[static_cast<size_t>(3 * (v * picture.width + u) + c)];
        small.at(x, y)[c] = static_cast<uint8_t>(sum / ((x1 - x0) * (y1 - y0)));
      }
    }
  return small;
}

std::vector<uint8_t> png_of(const Picture& picture) {
  std::vector<uint8_t> png = data::stb::encode_png(picture.height, picture.width, picture.rgb.data(), 3);
  if (png.empty()) throw Error(Fault::machine, "a picture cannot be packed: out of memory");
  return png;
}

}  // namespace thorax::explain
