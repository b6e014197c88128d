#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "data/dicom.h"
#include "data/dicom_canonical.h"
#include "data/dicom_samples.h"
#include "data/gdcm.h"
#include "data/image.h"
#include "data/sandbox.h"
#include "data/sha256.h"
#include "data/source.h"
#include "tests/data/errors.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

struct Fixture {
  std::filesystem::path file;
  bool decodes;
  std::string what;  // a hash, or words of the refusal
};

// tools/make_dicom_fixtures.py says what they are.
std::vector<Fixture> fixtures() {
  const std::filesystem::path folder = std::filesystem::path(THORAX_SOURCE_DIR) / "tests/data/dicom_files";
  std::ifstream in(folder / "expected.csv");
  std::vector<Fixture> all;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    std::string name, outcome, what;
    std::getline(cells, name, ',');
    std::getline(cells, outcome, ',');
    std::getline(cells, what);
    if (what.size() > 1 && what.front() == '"') what = what.substr(1, what.size() - 2);
    all.push_back({folder / name, outcome == "decodes", what});
  }
  return all;
}

std::vector<uint8_t> bytes_of_file(const std::filesystem::path& file) {
  return Source(file).read_all();
}

}  // namespace

TEST_CASE("dicom fixtures: valid files of all thirteen syntaxes decode, files after published bugs are refused at the gate") {
  if (!gdcm_codec::available()) return skip("built without GDCM");
  int decoded = 0;
  int refused = 0;
  for (const Fixture& f : fixtures()) {
    CAPTURE(f.file.filename().string());
    const std::vector<uint8_t> bytes = bytes_of_file(f.file);
    if (f.decodes) {
      const Dicom dicom = read_dicom(bytes);
      CHECK(sha256(stored_samples(dicom)) == f.what);
      CHECK(decode_image(f.file).warning.empty());
      ++decoded;
      continue;
    }
    const std::string said = input_error([&] { read_dicom(bytes); });
    CHECK_MESSAGE(has(said, f.what), said);
    // Privacy: no error holds a value of the file.
    CHECK(!has(said, "CANARY"));
    ++refused;
  }
  CHECK(decoded >= 24);
  CHECK(refused >= 19);
}

TEST_CASE("dicom fixtures: with the gate left out, decoders do no harm") {
  if (!gdcm_codec::available()) return skip("built without GDCM");
  int tried = 0;
  for (const Fixture& f : fixtures()) {
    CAPTURE(f.file.filename().string());
    const std::vector<uint8_t> bytes = bytes_of_file(f.file);
    Dicom dicom;
    try {
      dicom = read_dicom(bytes, Look::header);
    } catch (const Error&) {
      continue;
    }
    if (f.decodes || !is_encapsulated(dicom.syntax)) continue;
    dicom.coded = {dicom.bits_allocated, false};
    const auto begin = std::chrono::steady_clock::now();
    try {
      const auto allocated = static_cast<uint32_t>(dicom.bits_allocated / 8);
      if (dicom.syntax == Syntax::jpeg_ls || dicom.syntax == Syntax::jpeg_ls_near)
        decode_apart({Codec::jpeg_ls, allocated, dicom.rows, dicom.columns}, dicom.pixels);
      else
        decode_apart({Codec::gdcm, allocated, dicom.rows, dicom.columns}, canonical_dicom(dicom));
    } catch (const Error& e) {
      CHECK(e.fault() == Fault::input);
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
    ++tried;
  }
  CHECK(tried >= 8);
  const std::vector<Fixture> all = fixtures();
  CHECK(decode_image(all.front().file).width == 56);  // and others go on
}

TEST_CASE("dicom fixtures: the file that GDCM sees holds nothing of the patient, and 16 elements at most") {
  for (const Fixture& f : fixtures()) {
    if (!f.decodes) continue;
    const std::vector<uint8_t> bytes = bytes_of_file(f.file);
    const Dicom dicom = read_dicom(bytes);
    if (!is_encapsulated(dicom.syntax) || dicom.syntax == Syntax::rle) continue;
    CAPTURE(f.file.filename().string());
    CHECK(has({bytes.begin(), bytes.end()}, "CANARY"));
    const std::vector<uint8_t> canonical = canonical_dicom(dicom);
    CHECK(!has({canonical.begin(), canonical.end()}, "CANARY"));
    CHECK(canonical.size() < dicom.pixels.size() + 1024);
    const Dicom again = read_dicom(canonical);
    CHECK(again.person.patient.empty());
    CHECK(again.rows == dicom.rows);
  }
}

TEST_CASE("dicom fixtures: cut off anywhere, compressed files are refused or decode, and nothing else happens") {
  if (!gdcm_codec::available()) return skip("built without GDCM");
  const TemporaryFolder folder;
  for (const Fixture& f : fixtures()) {
    if (!f.decodes) continue;
    const std::vector<uint8_t> bytes = bytes_of_file(f.file);
    for (size_t length = bytes.size() - 1; length > 140; length -= std::min<size_t>(length, 97)) {
      CAPTURE(f.file.filename().string());
      CAPTURE(length);
      const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      REQUIRE_THROWS_AS(read_dicom(cut), Error);
    }
  }
}
