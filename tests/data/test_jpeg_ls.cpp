#include <doctest/doctest.h>

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

TEST_CASE("jpeg-ls: a damaged scan gives samples or an error, within the samples that it has") {
  const std::vector<uint8_t> bytes = fixture("jpeg_ls_12.dcm");
  const Dicom dicom = read_dicom(bytes);
  const Rng rng(14495, 1);
  int errors = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    std::vector<uint8_t> broken(dicom.pixels.begin(), dicom.pixels.end());
    for (uint64_t k = 0; k < 4; ++k)
      broken[rng.bits(8 * i + k) % broken.size()] ^= static_cast<uint8_t>(1U << rng.bits(8 * i + k + 4) % 8);
    // A job of its own size, as the decoder process would have it.
    std::vector<uint8_t> samples(dicom.pixel_count() * 2);
    const Outcome outcome = run_codec({Codec::jpeg_ls, 2, dicom.rows, dicom.columns}, broken, samples);
    REQUIRE((outcome == Outcome::done || outcome == Outcome::broken || outcome == Outcome::other_size));
    if (outcome != Outcome::done) ++errors;
  }
  CHECK(errors > 20);
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
