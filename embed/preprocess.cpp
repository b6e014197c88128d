#include "embed/preprocess.h"

#include <cmath>
#include <cstring>

namespace thorax::embed {

namespace {

// The caller's pixels as values.
struct Source {
  const uint8_t* data;
  size_t stride;
  bool words;

  uint32_t value(const uint8_t* row, int x) const {
    if (!words) return row[x];
    uint16_t word;
    memcpy(&word, row + 2 * static_cast<ptrdiff_t>(x), 2);
    return word;
  }
  const uint8_t* row(int64_t y) const { return data + static_cast<size_t>(y) * stride; }
};

thorax_status check(const thorax_image& i, size_t* stride, thorax_error* error) {
  if (i.data == nullptr) return fail(error, THORAX_BAD_ARG, "the image has no data");
  if (i.format != THORAX_U8 && i.format != THORAX_U16) return fail(error, THORAX_BAD_ARG, "an image's format is U8 or U16");
  if (i.width < 1 || i.height < 1 || i.width > max_image_side || i.height > max_image_side)
    return fail(error, THORAX_BAD_ARG, "an image's sides are 1 to 16384 pixels");
  const size_t row = static_cast<size_t>(i.width) * (i.format == THORAX_U16 ? 2 : 1);
  *stride = i.stride == 0 ? row : i.stride;
  if (*stride < row) return fail(error, THORAX_BAD_ARG, "the image's stride is shorter than a row");
  if (i.bits < 0 || i.bits > (i.format == THORAX_U16 ? 16 : 8)) return fail(error, THORAX_BAD_ARG, "bits beyond the format's");
  const bool has_table = i.lut != nullptr && i.lut_entries > 0;
  if ((i.lut != nullptr || i.lut_entries > 0) && !has_table)
    return fail(error, THORAX_BAD_ARG, "the image's table has no entries");
  const double width = i.window_high - i.window_low;
  if (!(width >= 0 && width <= 1e12)) return fail(error, THORAX_BAD_ARG, "the window's high end is below its low end");
  return THORAX_OK;
}

uint32_t brightest(const thorax_image& i, const Source& s) {
  uint32_t most = 0;
  for (int y = 0; y < i.height; ++y) {
    const uint8_t* row = s.row(y);
    for (int x = 0; x < i.width; ++x) {
      const uint32_t v = s.value(row, x);
      if (v > most) most = v;
    }
  }
  return most;
}

// As the trainer's DICOM reader has it, rounding included.
uint8_t windowed(double value, double low, double high) {
  const double share = (value - (low + high) / 2) / (high - low) + 0.5;
  return static_cast<uint8_t>(floor((share < 0 ? 0 : share > 1 ? 1 : share) * 255 + 0.5));
}

// The grey of every value: table, window or full scale, then inversion.
void fill_table(const thorax_image& i, const Source& s, uint8_t* table) {
  const uint32_t values = s.words ? 65536 : 256;
  uint32_t scale = 255;
  if (i.bits > 0) {
    scale = (1U << i.bits) - 1;
  } else if (s.words) {
    const uint32_t most = brightest(i, s);
    while (scale < most) scale = 2 * scale + 1;
  }
  for (uint32_t v = 0; v < values; ++v) {
    uint32_t grey;
    if (i.lut != nullptr)
      grey = i.lut[v < i.lut_entries ? v : i.lut_entries - 1];
    else if (i.window_high > i.window_low)
      grey = windowed(v, i.window_low, i.window_high);
    else
      grey = v >= scale ? 255 : (v * 255U + scale / 2) / scale;
    table[v] = static_cast<uint8_t>(i.inverted != 0 ? 255 - grey : grey);
  }
}

void equalize(const thorax_image& i, const Source& s, uint8_t* table) {
  int64_t histogram[256] = {};
  for (int y = 0; y < i.height; ++y) {
    const uint8_t* row = s.row(y);
    for (int x = 0; x < i.width; ++x) ++histogram[table[s.value(row, x)]];
  }
  uint8_t equalized[256];
  math::equalize_table(histogram, static_cast<int64_t>(i.width) * i.height, equalized);
  for (uint32_t v = 0; v < (s.words ? 65536U : 256U); ++v) table[v] = equalized[table[v]];
}

// One input row at the output's columns, in units of 1 / (2 columns).
void resize_row(const Source& s, const PreprocessMemory& m, int64_t y, int columns, int32_t* out) {
  const uint8_t* row = s.row(y);
  for (int x = 0; x < columns; ++x) {
    const math::Tap& t = m.columns[x];
    const int64_t low = m.table[s.value(row, static_cast<int>(t.low))], high = m.table[s.value(row, static_cast<int>(t.high))];
    out[x] = static_cast<int32_t>(low * (2 * columns - t.weight) + high * t.weight);
  }
}

// To height x width within pixels, whose rows are `step` long.
void resize(const thorax_image& i, const Source& s, const PreprocessMemory& m, int height, int width, uint8_t* pixels, int step) {
  for (int x = 0; x < width; ++x) m.columns[x] = math::tap(x, i.width, width);
  const double denominator = 4.0 * height * width;
  const double inverse = 1.0 / denominator;
  int32_t *above = m.above, *below = m.below;
  math::Tap before = {-1, -1, 0};
  for (int y = 0; y < height; ++y) {
    const math::Tap row = math::tap(y, i.height, height);
    if (row.low == before.high && before.high != before.low) {
      int32_t* spare = above;
      above = below, below = spare;
    } else if (row.low != before.low) {
      resize_row(s, m, row.low, width, above);
    }
    if (row.low != before.low || row.high != before.high) resize_row(s, m, row.high, width, below);
    before = row;
    const auto weight_below = static_cast<double>(row.weight);
    const double weight_above = 2.0 * height - weight_below;
    for (int x = 0; x < width; ++x)
      pixels[static_cast<ptrdiff_t>(y) * step + x] =
          math::byte_quotient(above[x] * weight_above + below[x] * weight_below, denominator, inverse);
  }
}

}  // namespace

thorax_status preprocess(const thorax_image& image, const RecipeRecord& recipe, const PreprocessMemory& memory, uint8_t* pixels,
                         thorax_error* error) {
  size_t stride = 0;
  const thorax_status status = check(image, &stride, error);
  if (status != THORAX_OK) return status;
  const Source source = {static_cast<const uint8_t*>(image.data), stride, image.format == THORAX_U16};
  fill_table(image, source, memory.table);
  if (recipe.equalize != 0) equalize(image, source, memory.table);
  const auto size = static_cast<int>(recipe.size);
  if (recipe.pad == 0) {
    resize(image, source, memory, size, size, pixels, size);
    return THORAX_OK;
  }
  memset(pixels, 0, static_cast<size_t>(size) * static_cast<size_t>(size));
  const int64_t longest = image.width > image.height ? image.width : image.height;
  const auto scaled = [&](int64_t side) {
    const int64_t s = (side * size + longest / 2) / longest;
    return static_cast<int>(s < 1 ? 1 : s);
  };
  const int height = scaled(image.height), width = scaled(image.width);
  resize(image, source, memory, height, width, pixels + static_cast<ptrdiff_t>((size - height) / 2) * size + (size - width) / 2,
         size);
  return THORAX_OK;
}

}  // namespace thorax::embed
