#include <doctest/doctest.h>

#include <cmath>

#include "data/dicom.h"
#include "data/dicom_grey.h"
#include "data/dicom_samples.h"
#include "tests/data/dicom_maker.h"
#include "tests/data/errors.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

std::vector<int> grey(const DicomMaker& maker) {
  const std::vector<uint8_t> file = bytes_of(maker.file());
  const Dicom dicom = read_dicom(file);
  const std::vector<uint8_t> out = grey_of(dicom, stored_samples(dicom));
  return {out.begin(), out.end()};
}

DicomMaker windowed(const std::string& center, const std::string& width, const std::string& function = "") {
  DicomMaker m;
  m.text(0x00281050, "DS", center).text(0x00281051, "DS", width);
  if (!function.empty()) m.text(0x00281056, "CS", function);
  return m;
}

// Of the maker's samples 0, 100, ... 1100, with a value each.
template <class Function>
std::vector<int> of_samples(const Function& function) {
  std::vector<int> out;
  for (int i = 0; i < 12; ++i) out.push_back(static_cast<int>(std::floor(function(100.0 * i) * 255 + 0.5)));
  return out;
}

double ramp(double x, double low, double high) {
  return std::min(1.0, std::max(0.0, (x - low) / (high - low)));
}

}  // namespace

TEST_CASE("dicom grey: without a window minimum to maximum, MONOCHROME1 turned round at the end") {
  CHECK(grey(DicomMaker()) == of_samples([](double x) { return x / 1100; }));
  std::vector<int> turned = of_samples([](double x) { return x / 1100; });
  for (int& v : turned) v = 255 - v;
  CHECK(grey(DicomMaker().text(0x00280004, "CS", "MONOCHROME1")) == turned);
  CHECK(grey(DicomMaker().pixels(std::vector<int>(12, 7))) == std::vector<int>(12, 0));
}

TEST_CASE("dicom grey: padding does not stretch the image") {
  DicomMaker m;
  m.pixels({0, 0, 500, 600, 700, 800, 900, 1000, 1100, 1100, 1100, 4095});
  CHECK(grey(m)[2] == std::lround(500.0 / 4095 * 255));
  m.number(0x00280120, 0);
  CHECK(grey(m)[2] == 0);
  m.number(0x00280120, 4095).number(0x00280121, 1200);
  CHECK(grey(m)[11] == 255);
  CHECK(grey(m)[8] == 255);
  CHECK(grey(m)[2] == std::lround(500.0 / 1100 * 255));
  CHECK(grey(m.number(0x00280121, 0))[11] == 255);  // nothing but padding: as if there were none
}

TEST_CASE("dicom grey: the three window functions, the first of several windows") {
  // C.11.2.1.2: x <= c - 0.5 - (w - 1)/2 is black, x > c - 0.5 + (w - 1)/2 white.
  CHECK(grey(windowed("500", "601")) == of_samples([](double x) { return ramp(x, 199.5, 799.5); }));
  CHECK(grey(windowed("500\\1", "601\\1")) == grey(windowed("500", "601")));
  CHECK(grey(windowed("500", "601", "LINEAR_EXACT")) == of_samples([](double x) { return ramp(x, 199.5, 800.5); }));
  CHECK(grey(windowed("500", "600", "SIGMOID")) == of_samples([](double x) { return 1 / (1 + std::exp(-4 * (x - 500) / 600)); }));
  CHECK(grey(windowed("500", "1")) == of_samples([](double x) { return x >= 500 ? 1.0 : 0.0; }));
  CHECK(has(input_error([] { grey(windowed("500", "600", "CUBIC")); }), "VOI LUT Function (0028,1056) is none of"));
  CHECK(has(input_error([] { grey(windowed("x", "600")); }), "Window Center (0028,1050) is no number"));
}

TEST_CASE("dicom grey: slope and intercept go before the window") {
  DicomMaker m = windowed("0", "2001");
  m.text(0x00281053, "DS", "2").text(0x00281052, "DS", "-1024");
  CHECK(grey(m) == of_samples([](double x) { return ramp(2 * x - 1024, -1000.5, 999.5); }));
}

TEST_CASE("dicom grey: lookup tables, of eight and sixteen bits, clamp at both ends, and go before a window") {
  DicomMaker m = windowed("0", "2");
  m.pixels({0, 9, 10, 11, 12, 13, 14, 100, 0, 0, 0, 0}).lut(0x00283010, 10, 16, {0, 65535, 32768, 6553});
  CHECK(grey(m) == std::vector<int>{0, 0, 0, 255, 128, 25, 25, 25, 0, 0, 0, 0});
  m.lut(0x00283010, 10, 8, {0, 255, 128, 30});
  CHECK(grey(m)[3] == 255);
  CHECK(grey(m)[4] == 128);
  // Two entries of eight bits in a word.
  const std::string packed = m.item(0xE000, m.element(0x00283002, {"US", m.u16(4) + m.u16(10) + m.u16(8), false, -1}) +
                                                m.element(0x00283006, {"OW", std::string("\0\xFF\x80\x1E", 4), false, -1}));
  CHECK(grey(m.set(0x00283010, {"SQ", packed, false, -1})) == std::vector<int>{0, 0, 0, 255, 128, 30, 30, 30, 0, 0, 0, 0});
  // The modality table's numbers are what the other one looks up.
  DicomMaker both;
  both.pixels({0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0}).lut(0x00283000, 0, 16, {5, 6, 7, 8}).lut(0x00283010, 5, 8, {40, 30, 20, 10});
  CHECK(grey(both) == std::vector<int>{40, 30, 20, 10, 40, 40, 40, 40, 40, 40, 40, 40});
}

TEST_CASE("dicom grey: tables that lie are refused") {
  const auto refusal = [](DicomMaker m) { return input_error([&] { grey(m); }); };
  CHECK(has(refusal(DicomMaker().lut(0x00283010, 0, 7, {1, 2})), "VOI LUT Sequence (0028,3010) has entries of 7 bits"));
  CHECK(has(refusal(DicomMaker().lut(0x00283010, 0, 8, {1, 256})), "has entries beyond its 8 bits"));
  const DicomMaker m;
  const auto table = [&](const std::string& content) {
    return DicomMaker().set(0x00283000, {"SQ", m.item(0xE000, content), false, -1});
  };
  const std::string descriptor = m.element(0x00283002, {"US", m.u16(0) + m.u16(0) + m.u16(16), false, -1});
  CHECK(has(refusal(table(descriptor + m.element(0x00283006, {"OW", "abcd", false, -1}))),
            "Modality LUT Sequence (0028,3000) has 65536 entries, but 4 bytes of them"));
  CHECK(has(refusal(table(descriptor)), "has no descriptor of three numbers, or no data"));
}

TEST_CASE("dicom grey: signed samples, bits beyond the stored ones, a high bit of its own") {
  DicomMaker m;
  m.number(0x00280103, 1).pixels({0x0800, 0x07FF, 0, 0xFFFF, 0xF800, 0x17FF, 0, 0, 0, 0, 0, 0});
  const std::vector<uint8_t> file = bytes_of(m.file());
  const Dicom d = read_dicom(file);
  CHECK(stored_value(d, 0x0800) == -2048);
  CHECK(stored_value(d, 0x07FF) == 2047);
  CHECK(stored_value(d, 0xFFFF) == -1);
  CHECK(stored_value(d, 0xF800) == -2048);
  CHECK(stored_value(d, 0x17FF) == 2047);  // an overlay's bit
  CHECK(grey(m)[0] == 0);
  CHECK(grey(m)[1] == 255);
  const std::vector<uint8_t> high = bytes_of(DicomMaker().number(0x00280102, 15).file());
  CHECK(stored_value(read_dicom(high), 0xABCD) == 0xABC);
}

TEST_CASE("dicom grey: a lossy codestream that overshoots is cut off, not wrapped around") {
  Dicom d;
  d.syntax = Syntax::jpeg_extended;
  d.bits_stored = 10;
  d.high_bit = 9;
  d.coded = {12, false};
  CHECK(stored_value(d, 1023) == 1023);
  CHECK(stored_value(d, 1024) == 1023);
  d.syntax = Syntax::jpeg_2000;
  d.coded = {12, true};
  d.is_signed = true;
  CHECK(stored_value(d, static_cast<uint16_t>(-600)) == -512);
  CHECK(stored_value(d, 600) == 511);
}
