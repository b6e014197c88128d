#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <map>
#include <sstream>

#include "data/dicom.h"
#include "data/dicom_samples.h"
#include "data/gdcm.h"
#include "data/image.h"
#include "data/sha256.h"
#include "data/source.h"
#include "tests/data/errors.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

struct Reference {
  std::string file, uid, photometric, hash, decoders, agreement;
  int64_t rows = 0, columns = 0;
};

std::vector<Reference> references(const std::filesystem::path& folder) {
  std::ifstream in(folder / "reference.csv");
  std::string line;
  std::getline(in, line);
  std::vector<Reference> all;
  while (std::getline(in, line)) {
    std::istringstream cells(line + ',');
    std::array<std::string, 17> c;
    for (std::string& cell : c) std::getline(cells, cell, ',');
    all.push_back({c[0], c[2], c[5], c[14], c[15], c[16], std::stoll(c[6]), std::stoll(c[7])});
  }
  return all;
}

// Of colour, truncated, or where the independent decoders differ.
const std::map<std::string, std::string> refused{
    {"special/ExplVR_BigEnd.dcm", "a colour image"},
    {"special/SC_rgb_jpeg_dcmtk.dcm", "a colour image"},
    {"special/SC_rgb_small_odd_jpeg.dcm", "a colour image"},
    {"special/MR_truncated.dcm", "the element (7FE0,0010) says it has 8192 bytes, where 8130 are left"},
};

}  // namespace

TEST_CASE("dicom, real: every grey file has the pixels that independent decoders found, every other one is refused by name") {
  const auto folder = data_folder("dicom");
  if (folder.empty()) return skip("the folder dicom is not here");
  if (!gdcm_codec::available()) return skip("built without GDCM");
  int compared = 0;
  int refusals = 0;
  for (const Reference& r : references(folder)) {
    CAPTURE(r.file);
    if (refused.count(r.file) != 0) {
      const std::string said = input_error([&] { decode_image(folder / r.file); });
      CHECK_MESSAGE(has(said, refused.at(r.file)), said);
      CHECK(has(why_unreadable(folder / r.file), refused.at(r.file)));
      ++refusals;
      continue;
    }
    const std::vector<uint8_t> bytes = Source(folder / r.file).read_all();
    const Dicom dicom = read_dicom(bytes);
    CHECK(uid_of(dicom.syntax) == r.uid);
    CHECK(dicom.rows == r.rows);
    CHECK(dicom.columns == r.columns);
    CHECK(dicom.inverted == (r.photometric == "MONOCHROME1"));
    const std::string hash = sha256(stored_samples(dicom));
    if (r.agreement.rfind("differ", 0) != 0) {
      CHECK(hash == r.hash);
      ++compared;
    }
    const Image image = decode_image(folder / r.file);
    CHECK(image.height == r.rows);
    CHECK(image.width == r.columns);
    CHECK(image.grey.size() == static_cast<size_t>(r.rows * r.columns));
    CHECK(why_unreadable(folder / r.file).empty());
  }
  CHECK(compared == 33);
  CHECK(refusals == 4);
}
