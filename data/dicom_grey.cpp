#include "data/dicom_grey.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thorax::data {

namespace {

double looked_up(const Lut& lut, double x) {
  const double index = std::clamp(std::floor(x) - lut.first, 0.0, static_cast<double>(lut.entries.size() - 1));
  return lut.entries[static_cast<size_t>(index)];
}

double modality(const Dicom& dicom, int32_t stored) {
  return dicom.modality_lut ? looked_up(*dicom.modality_lut, stored) : stored * dicom.slope + dicom.intercept;
}

// PS3.3 C.11.2.1.2 and C.11.2.1.3, to 0...1.
double windowed(const Window& w, double x) {
  switch (w.function) {
    case WindowFunction::sigmoid: return 1 / (1 + std::exp(-4 * (x - w.center) / w.width));
    case WindowFunction::linear_exact: return std::clamp((x - w.center) / w.width + 0.5, 0.0, 1.0);
    case WindowFunction::linear: break;
  }
  const double center = w.center - 0.5;
  const double width = w.width - 1;
  if (x <= center - width / 2) return 0;
  if (x > center + width / 2) return 1;
  return (x - center) / width + 0.5;
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

double shown(const Dicom& dicom, const Range& range, double x) {
  if (dicom.voi_lut) return looked_up(*dicom.voi_lut, x) / ((1 << dicom.voi_lut->bits) - 1);
  if (dicom.window) return windowed(*dicom.window, x);
  return range.high > range.low ? std::clamp((x - range.low) / (range.high - range.low), 0.0, 1.0) : 0;
}

bool is_padding(const Dicom& dicom, int32_t stored) {
  return dicom.padding && stored >= dicom.padding->first && stored <= dicom.padding->second;
}

uint16_t sample_at(std::span<const uint8_t> samples, size_t i, bool words) {
  return words ? static_cast<uint16_t>(samples[2 * i] | samples[2 * i + 1] << 8) : samples[i];
}

// Of the image's own values; all of it where it is nothing but padding.
Range range_of(const Dicom& dicom, const std::vector<bool>& present) {
  Range image;
  Range all;
  for (size_t s = 0; s < present.size(); ++s) {
    if (!present[s]) continue;
    const int32_t stored = stored_value(dicom, static_cast<uint16_t>(s));
    const double x = modality(dicom, stored);
    for (Range* r : {&all, is_padding(dicom, stored) ? &all : &image}) {
      r->low = std::min(r->low, x);
      r->high = std::max(r->high, x);
    }
  }
  return image.low <= image.high ? image : all;
}

}  // namespace

int32_t stored_value(const Dicom& dicom, uint16_t sample) {
  const int bits = dicom.bits_stored;
  const int32_t low = dicom.is_signed ? -(1 << (bits - 1)) : 0;
  const int32_t high = dicom.is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  const bool by_codec = is_encapsulated(dicom.syntax) && dicom.syntax != Syntax::rle;
  if (by_codec && dicom.coded.is_signed)
    return std::clamp<int32_t>(dicom.bits_allocated == 8 ? static_cast<int8_t>(sample) : static_cast<int16_t>(sample), low, high);
  if (by_codec && !dicom.is_signed) return std::min<int32_t>(sample, high);
  const int shift = by_codec ? 0 : dicom.high_bit + 1 - bits;
  const int32_t value = sample >> shift & ((1 << bits) - 1);
  return value > high ? value - (1 << bits) : value;
}

std::vector<uint8_t> grey_of(const Dicom& dicom, std::span<const uint8_t> samples) {
  const bool words = dicom.bits_allocated == 16;
  const size_t count = dicom.pixel_count();
  std::vector<bool> present(words ? 65536 : 256, false);
  Range range;
  if (!dicom.voi_lut && !dicom.window) {
    for (size_t i = 0; i < count; ++i) present[sample_at(samples, i, words)] = true;
    range = range_of(dicom, present);
  }
  std::vector<uint8_t> table(present.size());
  for (size_t s = 0; s < table.size(); ++s) {
    const double x = modality(dicom, stored_value(dicom, static_cast<uint16_t>(s)));
    const auto grey = static_cast<uint8_t>(std::floor(shown(dicom, range, x) * 255 + 0.5));
    table[s] = static_cast<uint8_t>(dicom.inverted ? 255 - grey : grey);
  }
  std::vector<uint8_t> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = table[sample_at(samples, i, words)];
  return out;
}

}  // namespace thorax::data
