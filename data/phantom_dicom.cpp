#include "data/phantom_dicom.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "data/dicom_fields.h"
#include "data/dicom_rle.h"
#include "data/dicom_writer.h"
#include "data/gdcm.h"
#include "data/phantom_shapes.h"
#include "data/streams.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

// How a hospital's machine stores its images.
struct Storage {
  Syntax syntax;
  size_t bits;
  bool inverted;
};

Storage draw_storage(Draws& d) {
  constexpr std::array syntaxes{Syntax::explicit_little, Syntax::rle, Syntax::jpeg_lossless_sv1, Syntax::jpeg_2000_lossless};
  return {syntaxes[d.below(syntaxes.size())], 12 + d.below(3), d.chance(0.5)};
}

// 16 bits each, little endian
std::vector<uint8_t> samples_of(const Phantom& phantom, const Storage& storage) {
  const auto most = static_cast<float>((1U << storage.bits) - 1);
  std::vector<uint8_t> bytes;
  bytes.reserve(2 * phantom.values.size());
  for (float v : phantom.values) {
    const long sample = std::lround((storage.inverted ? 1.0F - v : v) * most);
    bytes.push_back(static_cast<uint8_t>(sample));
    bytes.push_back(static_cast<uint8_t>(sample >> 8));
  }
  return bytes;
}

void write_pixels(DicomWriter& w, const Phantom& phantom, const Storage& storage) {
  const std::vector<uint8_t> samples = samples_of(phantom, storage);
  if (storage.syntax == Syntax::explicit_little) {
    w.words(tags::pixel_data, samples);
  } else if (storage.syntax == Syntax::rle) {
    w.fragment(tags::pixel_data, encode_rle(samples, 2, static_cast<size_t>(phantom.size)));
  } else {
    const auto coding =
        storage.syntax == Syntax::jpeg_lossless_sv1 ? gdcm_codec::Coding::jpeg_lossless : gdcm_codec::Coding::jpeg_2000_lossless;
    const auto side = static_cast<uint32_t>(phantom.size);
    const std::vector<uint8_t> coded = gdcm_codec::encode(coding, side, side, static_cast<int>(storage.bits), samples);
    if (coded.empty()) throw Error(Fault::machine, "an image could not be compressed");
    w.fragment(tags::pixel_data, coded);
  }
}

}  // namespace

std::vector<uint8_t> phantom_dicom(const Phantom& phantom, const std::string& patient, uint64_t seed, int64_t number) {
  if (!gdcm_codec::available())
    throw Error(Fault::input, "thorax was built without GDCM, which compresses DICOM images", "--format png does without");
  constexpr std::string_view digital_x_ray = "1.2.840.10008.5.1.4.1.1.1.1";
  const Rng rng(seed, stream(Purpose::phantom_storage, static_cast<uint64_t>(number)));
  Draws draws(rng);
  const Storage storage = draw_storage(draws);
  const std::string study = str("2.25.", rng.bits(100), rng.bits(101));
  const std::string instance = study + ".1.1";
  DicomWriter w(1024 + 2 * phantom.values.size());
  w.text(0x00080016, "UI", digital_x_ray);
  w.text(0x00080018, "UI", instance);
  w.text(tags::modality, "CS", "DX");
  w.text(0x00100010, "PN", "Phantom^" + patient);
  w.text(tags::patient_id, "LO", patient);
  w.text(tags::patient_sex, "CS", std::string(1, phantom.sex));
  w.text(tags::patient_age, "AS", age_string(phantom.age));
  w.text(tags::imager_spacing, "DS", "0.5\\0.5");
  w.text(tags::view_position, "CS", phantom.age < 3 ? "AP" : "PA");  // small children lie
  w.text(tags::study_uid, "UI", study);
  w.text(0x0020000E, "UI", study + ".1");
  w.number(tags::samples, 1);
  w.text(tags::photometric, "CS", storage.inverted ? "MONOCHROME1" : "MONOCHROME2");
  w.number(tags::rows, static_cast<size_t>(phantom.size));
  w.number(tags::columns, static_cast<size_t>(phantom.size));
  w.number(tags::bits_allocated, 16);
  w.number(tags::bits_stored, storage.bits);
  w.number(tags::high_bit, storage.bits - 1);
  w.number(tags::pixel_representation, 0);
  w.text(tags::window_center, "DS", str(1U << (storage.bits - 1)));
  w.text(tags::window_width, "DS", str(1U << storage.bits));
  write_pixels(w, phantom, storage);
  return w.file(storage.syntax, digital_x_ray, instance);
}

std::string age_string(double years) {
  const auto text = [](double number, char unit) {
    std::array<char, 16> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%03d%c", static_cast<int>(number), unit);
    return std::string(buffer.data());
  };
  if (years < 2.0 / 12.0) return text(years * 365.25 / 7.0, 'W');
  return years < 2.0 ? text(years * 12.0, 'M') : text(years, 'Y');
}

}  // namespace thorax::data
