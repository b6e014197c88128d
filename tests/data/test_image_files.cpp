#include <doctest/doctest.h>

#include <algorithm>

#include "data/image.h"
#include "tests/data/errors.h"
#include "tests/data/oracle.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(THORAX_SOURCE_DIR) / "tests/data/files" / name;
}

uint32_t crc(const std::string& bytes) {
  uint32_t c = 0xFFFFFFFFU;
  for (char b : bytes) {
    c ^= static_cast<uint8_t>(b);
    for (int k = 0; k < 8; ++k) c = (c & 1U) != 0 ? 0xEDB88320U ^ c >> 1 : c >> 1;
  }
  return ~c;
}

std::string big_endian(uint32_t v) {
  std::string s;
  for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(v >> shift);
  return s;
}

std::string chunk(const std::string& name, const std::string& data) {
  return big_endian(static_cast<uint32_t>(data.size())) + name + data + big_endian(crc(name + data));
}

// Both looks at a file agree that it cannot be read.
void check_refused(const std::filesystem::path& file, const std::string& reason) {
  CHECK_MESSAGE(has(input_error([&] { decode_image(file); }), reason), reason);
  CHECK_MESSAGE(has(why_unreadable(file), reason), why_unreadable(file));
}

}  // namespace

TEST_CASE("images: every kind of PNG and JPEG becomes the grey that OpenCV or the arithmetic gives") {
  auto cases = oracle("file");
  REQUIRE(cases.size() == 14);
  for (auto& c : cases) {
    std::string name;
    int64_t h = 0;
    int64_t w = 0;
    int tolerance = 0;
    std::string hex;
    c >> name >> h >> w >> tolerance >> hex;
    CAPTURE(name);
    const Image image = decode_image(fixture(name));
    REQUIRE(image.height == h);
    REQUIRE(image.width == w);
    REQUIRE(image.grey.size() == hex.size() / 2);
    int worst = 0;
    for (size_t i = 0; i < image.grey.size(); ++i)
      worst = std::max(worst, std::abs(image.grey[i] - std::stoi(hex.substr(2 * i, 2), nullptr, 16)));
    CHECK(worst <= tolerance);
    CHECK(why_unreadable(fixture(name)).empty());
  }
}

TEST_CASE("images: a file that was cut off anywhere is refused, by a look and by decoding") {
  const TemporaryFolder folder;
  for (const char* name : {"grey.png", "one_bit.png", "grey.jpg", "progressive.jpg", "restart.jpg"}) {
    const std::string whole = read_text(fixture(name));
    for (size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(name);
      CAPTURE(length);
      write_text(folder / "cut", whole.substr(0, length));
      REQUIRE_THROWS_AS(decode_image(folder / "cut"), Error);
      REQUIRE(!why_unreadable(folder / "cut").empty());
    }
    write_text(folder / "longer", whole + std::string(10000, '\0'));
    CHECK(why_unreadable(folder / "longer").empty());
    CHECK(decode_image(folder / "longer").grey == decode_image(fixture(name)).grey);
  }
}

TEST_CASE("images: the reasons") {
  const TemporaryFolder folder;
  check_refused(folder / "missing.png", "no such file");
  check_refused(folder.path(), "not a file");
  write_text(folder / "empty.png", "");
  check_refused(folder / "empty.png", "the file is empty");
  write_text(folder / "text.png", "this is no image");
  check_refused(folder / "text.png", "neither a PNG nor a JPEG nor a DICOM file");
  const std::string png = read_text(fixture("grey.png"));
  write_text(folder / "cut.png", png.substr(0, 200));
  check_refused(folder / "cut.png", "PNG data ends after 200 bytes, before the image does");
  const std::string jpeg = read_text(fixture("grey.jpg"));
  write_text(folder / "cut.jpg", jpeg.substr(0, 400));
  check_refused(folder / "cut.jpg", "JPEG data ends after 400 bytes, before the image does");
  write_text(folder / "bare.jpg", "\xFF\xD8\xFF\xD9");
  CHECK(has(input_error([&] { decode_image(folder / "bare.jpg"); }), "JPEG file without an image"));
  std::string damaged = png;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  write_text(folder / "damaged.png", damaged);
  CHECK(has(input_error([&] { decode_image(folder / "damaged.png"); }), "PNG data is damaged: wrong checksum at byte"));
}

TEST_CASE("images: sizes beyond the limits are refused before memory is taken") {
  const TemporaryFolder folder;
  for (const uint32_t side : {20000U, 16000U, 0U, 0xFFFFFFFFU}) {
    const std::string head = big_endian(side) + big_endian(side) + std::string("\x08\x00\x00\x00\x00", 5);
    write_text(folder / "bomb.png",
               "\x89PNG\r\n\x1A\n" + chunk("IHDR", head) + chunk("IDAT", std::string(50, 'x')) + chunk("IEND", ""));
    check_refused(folder / "bomb.png",
                  side == 0 ? "no header of an image" : str(side, "x", side, " pixels; at most 16,384 a side"));
  }
}

TEST_CASE("images: Huffman tables that are larger than the decoder's are refused") {
  const TemporaryFolder folder;
  std::string jpeg = read_text(fixture("grey.jpg"));
  const size_t table = jpeg.find("\xFF\xC4");
  REQUIRE(table != std::string::npos);
  for (size_t i = 0; i < 16; ++i) jpeg[table + 5 + i] = '\xFF';
  write_text(folder / "a.jpg", jpeg);
  CHECK(has(input_error([&] { decode_image(folder / "a.jpg"); }), str("wrong Huffman tables at byte ", table)));
}

TEST_CASE("images: a JPEG file of very many scans is refused") {
  const TemporaryFolder folder;
  std::string jpeg = read_text(fixture("progressive.jpg"));
  const size_t scan = jpeg.find("\xFF\xDA");
  REQUIRE(scan != std::string::npos);
  for (int i = 0; i < 100; ++i) jpeg.insert(scan, std::string("\xFF\xDA\0\x08\1\1\0\0\x3F\0", 10));
  write_text(folder / "a.jpg", jpeg);
  CHECK(has(input_error([&] { decode_image(folder / "a.jpg"); }), "JPEG file of more than 100 scans"));
}

TEST_CASE("images: damaged files give an Error or an image, never anything else") {
  const TemporaryFolder folder;
  uint32_t state = 1;
  const auto draw = [&](size_t n) { return (state = state * 1664525U + 1013904223U) / 65536U % n; };
  int errors = 0;
  for (const char* name : {"grey.jpg", "rgb.jpg", "progressive.jpg", "restart.jpg", "rgb.png", "palette.png", "grey16.png"}) {
    const std::string whole = read_text(fixture(name));
    for (int i = 0; i < 300; ++i) {
      std::string bytes = whole;
      for (size_t k = draw(4); k < 4; ++k) bytes[draw(bytes.size())] = static_cast<char>(draw(256));
      // The checksums of a PNG would keep the damage from the decoder: they are made anew.
      for (size_t at = 8; bytes[1] == 'P' && at + 12 <= bytes.size();) {
        const auto byte = [&](size_t k) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at + k])); };
        const size_t length = byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
        if (length > bytes.size() - at - 12) break;
        bytes.replace(at + 8 + length, 4, big_endian(crc(bytes.substr(at + 4, length + 4))));
        at += length + 12;
      }
      write_text(folder / "damaged", bytes);
      try {
        const Image image = decode_image(folder / "damaged");
        REQUIRE(image.grey.size() == static_cast<size_t>(image.height * image.width));
      } catch (const Error& error) {
        REQUIRE(error.fault() == Fault::input);
        ++errors;
      }
    }
  }
  CHECK(errors > 100);
}

TEST_CASE("images: what write_png writes is read back") {
  const TemporaryFolder folder;
  const Image image{13, 7, made(5, 0, 91)};
  write_png(folder / "a.png", image);
  const Image back = decode_image(folder / "a.png");
  CHECK(back.height == 13);
  CHECK(back.width == 7);
  CHECK(back.grey == image.grey);
  CHECK_THROWS_AS(write_png(folder / "none" / "a.png", image), Error);
}
