#include "explain/bitmap_font.h"

#include <algorithm>

namespace thorax::explain {

namespace {

// From the space on, seven digits a letter, one a row from the top: the digit's value (0-9, A-V for 10-31) holds the row's five
// pixels, the leftmost in bit 4.
constexpr std::string_view rows =
    "00000004444404AAA0000AAVAVAA4FKE5U4OP248J3CIK8LID44800002488842842224804LEL40044V44000004480"
    "00V00000000CC01248G0EHJLPHE4C4444EEH1248VV2421HE26AIV22VGU11HE68GUHHEV124888EHHEHHEEHHF12C0CC"
    "0CC00CC0C48248G84200V0V008421248EH12404EH1DLLEEHHHVHHUHHUHHUEHGGGHESIHHHISVGGUGGVVGGUGGGEHGNH"
    "HFHHHVHHHE44444E72222ICHIKOKIHGGGGGGVHRLLHHHHHPLJHHEHHHHHEUHHUGGGEHHHLIDUHHUKIHFGGE11UV444444H"
    "HHHHHEHHHHHA4HHHLLLAHHA4AHHHHHA444V1248GVE88888E0G84210E22222E4AH0000000000V842000000E1FHFGGMP"
    "HHU00EGGHE11DJHHF00EHVGE698S8880FHHF1EGGMPHHH40C444E20622ICGGIKOKIC44444E00QLLHH00MPHHH00EHHHE"
    "00UHUGG00DJF1100MPGGG00EGE1U88S889600HHHJD00HHHA400HHLLA00HA4AH00HHF1E00V248V24484424444444844"
    "2448008L200";
constexpr int64_t letter_rows = 7;
static_assert(rows.size() == 95 * letter_rows);

int pixels_of(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

}  // namespace

bool has_ink(char letter, int64_t x, int64_t y) {
  const char known = letter >= ' ' && letter <= '~' ? letter : '?';
  const char digit = rows[static_cast<size_t>((known - ' ') * letter_rows + y)];
  return (pixels_of(digit) >> (4 - x) & 1) != 0;
}

void draw_text(Picture& picture, int64_t x, int64_t y, int64_t scale, std::string_view text) {
  const int64_t width = static_cast<int64_t>(text.size()) * letter_width + 1;
  for (int64_t row = 0; row < letter_height * scale; ++row)
    for (int64_t column = 0; column < width * scale; ++column) {
      if (!picture.holds(x + column, y + row)) continue;
      uint8_t* pixel = picture.at(x + column, y + row);
      const int64_t letter_x = column / scale - 1, letter_y = row / scale - 1;
      const bool inside = letter_x >= 0 && letter_x % letter_width < 5 && letter_y >= 0 && letter_y < letter_rows;
      const bool ink = inside && has_ink(text[static_cast<size_t>(letter_x / letter_width)], letter_x % letter_width, letter_y);
      for (int64_t c = 0; c < 3; ++c) pixel[c] = ink ? 255 : static_cast<uint8_t>(pixel[c] / 4);
    }
}

}  // namespace thorax::explain
