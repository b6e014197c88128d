#include <doctest/doctest.h>

#include <array>
#include <filesystem>

#include "data/codecs.h"
#include "data/dicom.h"
#include "data/dicom_canonical.h"
#include "data/gdcm.h"
#include "data/jpeg_ls.h"
#include "data/source.h"
#include "tensor/error.h"
#include "tensor/rng.h"
#include "tests/data/errors.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

std::vector<uint8_t> fixture(const char* name) {
  return Source(std::filesystem::path(THORAX_SOURCE_DIR) / "tests/data/dicom_files" / name).read_all();
}

std::vector<uint8_t> decoded(std::span<const uint8_t> codestream, size_t bytes) {
  std::vector<uint8_t> samples(bytes);
  decode_jpeg_ls(read_jpeg_ls(codestream), samples);
  return samples;
}

}  // namespace

TEST_CASE("jpeg-ls: the same samples as CharLS has, lossless and near-lossless") {
  if (!gdcm_codec::available()) return skip("built without GDCM");
  for (const char* name : {"jpeg_ls_8.dcm", "jpeg_ls_12.dcm", "jpeg_ls_near_8.dcm", "jpeg_ls_near_12.dcm"}) {
    CAPTURE(name);
    const std::vector<uint8_t> bytes = fixture(name);
    const Dicom dicom = read_dicom(bytes);
    std::vector<uint8_t> other(dicom.pixel_count() * (dicom.coded.bits <= 8 ? 1 : 2));
    REQUIRE(gdcm_codec::decode(canonical_dicom(dicom), other).empty());
    CHECK(decoded(dicom.pixels, other.size()) == other);
  }
}

TEST_CASE("jpeg-ls: the example of ITU-T T.87, annex H.3") {
  const std::vector<uint8_t> codestream{
      0xFF, 0xD8, 0xFF, 0xF7, 0,    11,   8,    0,    4,    0,    4,    1,    1,    0x11, 0,     // 4x4, 8 bits
      0xFF, 0xDA, 0,    8,    1,    1,    0,    0,    0,    0,                                   // lossless
      0xC0, 0x00, 0x00, 0x6C, 0x80, 0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00,  //
      0x6E, 0xE6, 0x00, 0x00, 0x01, 0xBC, 0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60, 0xFF, 0xD9};
  CHECK(decoded(codestream, 16) == std::vector<uint8_t>{0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145});
}

// Each code gives a pixel at least, and beyond its end the scan is zeros, which no code has without end: so damage ends.
TEST_CASE("jpeg-ls: a damaged file gives samples or an error") {
  for (const char* name : {"jpeg_ls_12.dcm", "jpeg_ls_near_8.dcm"}) {
    const std::vector<uint8_t> bytes = fixture(name);
    const Dicom dicom = read_dicom(bytes);
    const uint32_t sample_bytes = dicom.coded.bits <= 8 ? 1 : 2;
    const Rng rng(14495, 1);
    int done = 0;
    int errors = 0;
    for (uint64_t i = 0; i < 2000; ++i) {
      CAPTURE(name);
      CAPTURE(i);
      std::vector<uint8_t> broken(dicom.pixels.begin(), dicom.pixels.end());
      // Every other time in the headers too, else only in the scan.
      const uint32_t from = i % 2 == 0 ? 0 : 60;
      for (uint64_t k = 0; k < 1 + i % 4; ++k) {
        const uint32_t at = from + rng.below(16 * i + 2 * k, (i % 4 < 2 ? static_cast<uint32_t>(broken.size()) : 100) - from);
        broken[at] ^= static_cast<uint8_t>(1U << rng.below(16 * i + 2 * k + 1, 8));
      }
      if (i % 5 == 0) broken.resize(rng.below(16 * i + 15, static_cast<uint32_t>(broken.size())));
      std::vector<uint8_t> samples(dicom.pixel_count() * sample_bytes);
      const Outcome outcome = run_codec({Codec::jpeg_ls, sample_bytes, dicom.rows, dicom.columns}, broken, samples);
      REQUIRE((outcome == Outcome::done || outcome == Outcome::broken || outcome == Outcome::other_size));
      ++(outcome == Outcome::done ? done : errors);
    }
    CHECK(done > 100);
    CHECK(errors > 500);
  }
}

TEST_CASE("jpeg-ls: what ends early, and restart intervals, are refused by name") {
  const std::vector<uint8_t> bytes = fixture("jpeg_ls_12.dcm");
  const Dicom dicom = read_dicom(bytes);
  const size_t size = dicom.pixel_count() * 2;
  CHECK(has(input_error([&] { decoded(dicom.pixels.first(dicom.pixels.size() / 2), size); }), "JPEG-LS data"));
  std::vector<uint8_t> restarting(dicom.pixels.begin(), dicom.pixels.end());
  const std::vector<uint8_t> interval{0xFF, 0xDD, 0, 4, 0, 1};
  restarting.insert(restarting.begin() + 2, interval.begin(), interval.end());
  CHECK(has(input_error([&] { decoded(restarting, size); }), "restart intervals"));
}

TEST_CASE("jpeg-ls: parameters beyond their limits are refused by name, and so is an end before the scan") {
  const std::vector<uint8_t> begin{0xFF, 0xD8, 0xFF, 0xF7, 0, 11, 8, 0, 4, 0, 4, 1, 1, 0x11, 0};
  const auto refused = [&](const std::vector<std::vector<uint8_t>>& segments) {
    std::vector<uint8_t> all = begin;
    for (const std::vector<uint8_t>& s : segments) all.insert(all.end(), s.begin(), s.end());
    return input_error([&] { read_jpeg_ls(all); });
  };
  // MAXVAL, T1, T2, T3, RESET
  const auto parameters = [](const std::array<uint8_t, 5>& low, uint8_t high = 0) {
    std::vector<uint8_t> segment{0xFF, 0xF8, 0, 13, 1};
    for (const uint8_t v : low) segment.insert(segment.end(), {high, v});
    return segment;
  };
  const auto scan = [](uint8_t near) { return std::vector<uint8_t>{0xFF, 0xDA, 0, 8, 1, 1, 0, near, 0, 0}; };
  CHECK(has(refused({parameters({0, 0, 0, 0, 0}, 1)}), "samples beyond its 8 bits"));
  CHECK(has(refused({parameters({255, 9, 7, 21, 64}), scan(0)}), "wrong thresholds"));
  CHECK(has(refused({parameters({100, 3, 7, 101, 64}), scan(0)}), "wrong thresholds"));
  CHECK(has(refused({parameters({255, 2, 7, 21, 64}), scan(2)}), "wrong thresholds"));
  CHECK(has(refused({parameters({255, 3, 7, 21, 2}), scan(0)}), "halved at 2"));
  CHECK(has(refused({scan(128)}), "too large a difference"));
  CHECK(has(refused({{0xFF, 0xD9}}), "without an image"));
  CHECK(has(refused({begin}), "without an image"));
  CHECK(has(refused({{begin.begin() + 2, begin.end()}, scan(0)}), "two frames"));
}
