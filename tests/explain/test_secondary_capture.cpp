#include "explain/secondary_capture.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "data/dicom.h"
#include "data/dicom_writer.h"
#include "tensor/error.h"
#include "tests/skip.h"

using namespace thorax;

namespace {

std::vector<uint8_t> radiograph() {
  data::DicomWriter w(4096);
  w.text(0x00080005, "CS", "ISO_IR 100");
  w.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.1");
  w.text(0x00080018, "UI", "2.25.11");
  w.text(0x00080020, "DA", "20210701");
  w.text(0x00080030, "TM", "101112");
  w.text(0x00100010, "PN", "CANARY^Child");
  w.text(0x00100020, "LO", "P17");
  w.text(0x00100040, "CS", "F");
  w.text(0x00101010, "AS", "004Y");
  w.text(0x0020000D, "UI", "2.25.12");
  w.text(0x00200010, "SH", "S1");
  return w.file(data::Syntax::explicit_little, "1.2.840.10008.5.1.4.1.1.1.1", "2.25.11");
}

explain::Picture picture() {
  explain::Picture p{121, 91, std::vector<uint8_t>(3 * 121 * 91, 90)};
  return p;
}

bool has_tool(const char* name) {
  return std::system(("command -v " + std::string(name) + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("secondary capture: patient and study stay, the source is referred to, UIDs are new and repeatable") {
  const std::vector<uint8_t> source = radiograph();
  const auto file = explain::secondary_capture(source, picture(), "Pneumonia", 3, 7);
  const std::vector<uint32_t> tags{0x00080005, 0x00080016, 0x00080018, 0x00080020, 0x00100010, 0x00100020,
                                   0x00101010, 0x0020000D, 0x0020000E, 0x00280301, 0x0008103E};
  auto values = data::dicom_texts(file, tags);
  CHECK(values[0x00080016] == "1.2.840.10008.5.1.4.1.1.7");
  CHECK(values[0x00080005] == "ISO_IR 100");
  CHECK(values[0x00080020] == "20210701");
  CHECK(values[0x00100010] == "CANARY^Child");
  CHECK(values[0x00100020] == "P17");
  CHECK(values[0x00101010] == "004Y");
  CHECK(values[0x0020000D] == "2.25.12");
  CHECK(values[0x00280301] == "YES");
  CHECK(values[0x0008103E] == "Heat map: Pneumonia");
  for (const uint32_t uid : {0x00080018U, 0x0020000EU}) {
    CHECK(values[uid].starts_with("2.25."));
    CHECK(values[uid].size() <= 44);
    CHECK(values[uid] != "2.25.11");
  }
  CHECK(file == explain::secondary_capture(source, picture(), "Pneumonia", 3, 7));
  auto other = data::dicom_texts(explain::secondary_capture(source, picture(), "Edema", 4, 7), tags);
  CHECK(other[0x00080018] != values[0x00080018]);
  CHECK(other[0x0020000E] == values[0x0020000E]);
  CHECK(data::dicom_texts(explain::secondary_capture(source, picture(), "Edema", 4, 8), tags)[0x0020000E] != values[0x0020000E]);
  const std::string bytes(file.begin(), file.end());
  CHECK(bytes.find("2.25.11") != std::string::npos);
  CHECK(bytes.find("NOT FOR DIAGNOSIS") == std::string::npos);  // it is burnt in, not written
  CHECK(bytes.find(std::string(15, '\xFF')) != std::string::npos);
}

TEST_CASE("secondary capture: what is no DICOM file, or has no UIDs, is refused") {
  const std::vector<uint8_t> png{1, 2, 3};
  CHECK_THROWS_AS(explain::secondary_capture(png, picture(), "A", 1, 1), Error);
  data::DicomWriter w(64);
  w.text(0x00100020, "LO", "P17");
  const auto nameless = w.file(data::Syntax::explicit_little, "1.2.3", "1.2.4");
  CHECK_THROWS_AS(explain::secondary_capture(nameless, picture(), "A", 1, 1), Error);
}

TEST_CASE("secondary capture: other programs read it without a complaint") {
  const auto folder = std::filesystem::temp_directory_path() / ("thorax-capture-" + std::to_string(std::rand()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "capture.dcm").string(), log = (folder / "log").string();
  const auto bytes = explain::secondary_capture(radiograph(), picture(), "Pneumonia", 1, 1);
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto runs = [&](const std::string& command) { return std::system((command + " >" + log + " 2>&1").c_str()) == 0; };
  const auto said = [&] {
    std::ifstream in(log);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  };
  std::string missing;
  if (has_tool("dciodvfy")) {
    CHECK(runs("dciodvfy " + file));
    CHECK_MESSAGE(said().find("Error") == std::string::npos, said());
    CHECK_MESSAGE(said().find("Warning") == std::string::npos, said());
  } else {
    missing += " dciodvfy";
  }
  if (has_tool("dcm2pnm")) {
    CHECK_MESSAGE(runs("dcm2pnm --write-png " + file + " " + file + ".png"), said());
  } else {
    missing += " dcm2pnm";
  }
  if (has_tool("gdcminfo")) {
    CHECK_MESSAGE(runs("gdcminfo " + file), said());
  } else {
    missing += " gdcminfo";
  }
  if (!missing.empty()) test::skip("not installed:" + missing);
  std::filesystem::remove_all(folder);
}
