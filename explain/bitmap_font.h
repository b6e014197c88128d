// Letters of five by seven pixels, drawn for thorax: text in pictures needs no font file.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace thorax::explain {

// RGB, 8 bits each.
struct Picture {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> rgb;  // [height,width,3]

  uint8_t* at(int64_t x, int64_t y) { return rgb.data() + 3 * (y * width + x); }
  bool holds(int64_t x, int64_t y) const { return x >= 0 && y >= 0 && x < width && y < height; }
};

constexpr int64_t letter_width = 6, letter_height = 9;  // with the space around it

// Whether the letter has ink at column x (0...4) of row y (0...6). What is not ASCII is a question mark.
bool has_ink(char letter, int64_t x, int64_t y);

// White on a darkened ground, its left upper corner at (x, y), every pixel of a letter scale x scale. What does not fit is cut
// off.
void draw_text(Picture& picture, int64_t x, int64_t y, int64_t scale, std::string_view text);

}  // namespace thorax::explain
