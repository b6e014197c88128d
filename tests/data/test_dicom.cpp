#include <doctest/doctest.h>
#include <zlib.h>

#include "data/dicom.h"
#include "data/dicom_samples.h"
#include "tests/data/dicom_maker.h"
#include "tests/data/errors.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

std::string refusal(const std::string& file) {
  return input_error([&] { read_dicom(bytes_of(file)); });
}

std::string deflated(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<uint8_t> in = bytes_of(text);
  std::string out(deflateBound(&stream, in.size()), '\0');
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

// Little endian, whatever the file was.
std::vector<uint8_t> expected_samples() {
  std::vector<uint8_t> all;
  for (int i = 0; i < 12; ++i) {
    all.push_back(static_cast<uint8_t>(100 * i));
    all.push_back(static_cast<uint8_t>((100 * i) >> 8));
  }
  return all;
}

}  // namespace

TEST_CASE("dicom: the four native encodings give the same header and the same samples") {
  for (const char* uid : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}) {
    CAPTURE(uid);
    const std::vector<uint8_t> file = bytes_of(DicomMaker(uid).file());
    CHECK(is_dicom(file));
    const Dicom d = read_dicom(file);
    CHECK(uid_of(d.syntax) == std::string(uid));
    CHECK(d.modality == "DX");
    CHECK(d.rows == 3);
    CHECK(d.columns == 4);
    CHECK(d.bits_stored == 12);
    CHECK(!d.is_signed);
    CHECK(stored_samples(d) == expected_samples());
  }
  const DicomMaker maker("1.2.840.10008.1.2.1.99");
  const std::vector<uint8_t> file = bytes_of(maker.meta() + deflated(maker.data_set()));
  CHECK(stored_samples(read_dicom(file)) == expected_samples());
}

TEST_CASE("dicom: a deflated data set that is cut off, damaged or a bomb") {
  const DicomMaker maker("1.2.840.10008.1.2.1.99");
  const std::string packed = deflated(maker.data_set());
  CHECK(has(refusal(maker.meta() + packed.substr(0, packed.size() / 2)), "the compressed data is cut off"));
  CHECK(has(refusal(maker.meta() + std::string(40, '\xFF')), "damaged compressed data"));
  const std::string bomb = deflated(std::string(size_t{300} << 20, '\0'));
  CHECK(bomb.size() < size_t{1} << 20);
  CHECK(has(refusal(maker.meta() + bomb), "more than 268435456 bytes when it is unpacked"));
}

TEST_CASE("dicom: cut off anywhere it is refused") {
  for (const char* uid : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}) {
    const std::string whole = DicomMaker(uid).lut(0x00283010, 0, 8, {1, 2, 3}).file();
    for (size_t length = 132; length < whole.size(); ++length) {
      CAPTURE(length);
      REQUIRE_THROWS_AS(read_dicom(bytes_of(whole.substr(0, length))), Error);
    }
  }
  CHECK(!is_dicom(bytes_of(DicomMaker().file().substr(0, 131))));
}

TEST_CASE("dicom: what no chest radiograph needs is refused by name") {
  CHECK(has(refusal(DicomMaker().text(0x00280004, "CS", "RGB").number(0x00280002, 3).file()), "a colour image"));
  CHECK(has(refusal(DicomMaker().text(0x00280004, "CS", "YBR_FULL_422").file()), "a colour image"));
  CHECK(has(refusal(DicomMaker().text(0x00280004, "CS", "PALETTE COLOR").file()), "a colour palette"));
  CHECK(has(refusal(DicomMaker().text(0x00280004, "CS", "HSV").file()), "neither MONOCHROME1 nor MONOCHROME2"));
  CHECK(has(refusal(DicomMaker().text(0x00280008, "IS", "12").file()), "several frames, 12"));
  CHECK(has(refusal(DicomMaker("1.2.840.10008.1.2.4.100").file()), "its transfer syntax is none of the thirteen"));
  CHECK(has(refusal(DicomMaker().set(0x7FE00008, {"OF", "", false, -1}).file()), "floating-point"));
  CHECK(has(refusal(DicomMaker().number(0x00280100, 32).file()), "32 bits allocated"));
}

TEST_CASE("dicom: broken headers are refused by name, bad lengths before they are believed") {
  CHECK(has(refusal(DicomMaker().drop(0x00280010).file()), "Rows (0028,0010) is missing"));
  CHECK(has(refusal(DicomMaker().drop(0x00280101).file()), "Bits Stored (0028,0101) is missing"));
  CHECK(has(refusal(DicomMaker().drop(0x00280004).file()), "Photometric Interpretation (0028,0004) is missing"));
  CHECK(has(refusal(DicomMaker().drop(0x7FE00010).file()), "no image: Pixel Data (7FE0,0010) is missing"));
  CHECK(has(refusal(DicomMaker().number(0x00280010, 0).file()), "no pixels: 4x0"));
  CHECK(has(refusal(DicomMaker().number(0x00280010, 20000).file()), "4x20000 pixels; at most 16,384"));
  CHECK(has(refusal(DicomMaker().number(0x00280101, 17).file()), "17 bits stored for a pixel, where 16 are allocated"));
  CHECK(has(refusal(DicomMaker().number(0x00280102, 3).file()), "the high bit of a pixel is 3"));
  CHECK(has(refusal(DicomMaker().number(0x00280103, 2).file()), "Pixel Representation (0028,0103) is 2"));
  CHECK(has(refusal(DicomMaker().text(0x00281053, "DS", "0").file()), "Rescale Slope (0028,1053) is 0"));
  CHECK(has(refusal(DicomMaker().text(0x00281052, "DS", "1e999").file()), "Rescale Intercept (0028,1052) is no number"));
  CHECK(
      has(refusal(DicomMaker().set(0x00280010, {"US", std::string(4, '\1'), false, -1}).file()), "Rows (0028,0010) has 4 bytes"));
  CHECK(has(refusal(DicomMaker().pixels({1, 2, 3}).file()), "Pixel Data has 6 bytes; 3 rows of 4 pixels of 16 bits need 24"));
  CHECK(has(refusal(DicomMaker().pixels(std::vector<int>(14)).file()), "Pixel Data has 28 bytes"));
  CHECK(
      has(refusal(DicomMaker().set(0x00090001, {"UN", "ab", false, 0x7FFFFFF0}).file()), "says it has 2147483632 bytes, where"));
  CHECK(has(refusal(DicomMaker().set(0x00090001, {"\1\2", "ab", false, -1}).file()), "(0009,0001) has no value representation"));
  CHECK(has(refusal(DicomMaker().set(0x00090001, {"OB", "", true, -1}).file()), "(0009,0001) has no length"));
  std::string twice = DicomMaker().meta();
  twice += DicomMaker().element(0x00280010, {"US", std::string("\3\0", 2), false, -1}) + DicomMaker().data_set();
  CHECK(has(refusal(twice), "Rows (0028,0010) is there twice"));
}

TEST_CASE("dicom: sequences, items and their delimiters") {
  const DicomMaker m;
  const std::string inner = m.element(0x00280010, {"US", m.u16(999), false, -1});
  // Rows within a sequence are not the image's.
  const auto undefined = [&](const std::string& content) {
    return DicomMaker().set(0x00081140, {"SQ", content, true, -1}).file();
  };
  const std::string open_item = m.u16(0xFFFE) + m.u16(0xE000) + m.u32(0xFFFFFFFF);
  const std::string end_item = m.item(0xE00D, "");
  const std::string end = m.item(0xE0DD, "");
  CHECK(read_dicom(bytes_of(undefined(m.item(0xE000, inner) + open_item + inner + end_item + end))).rows == 3);
  CHECK(read_dicom(bytes_of(DicomMaker().set(0x00081140, {"SQ", m.item(0xE000, inner), false, -1}).file())).rows == 3);
  CHECK(has(refusal(undefined(open_item + inner + end)), "the element (FFFE,E0DD) at byte"));
  CHECK(has(refusal(undefined(m.item(0xE000, inner + end_item) + end)), "a delimiter at byte"));
  CHECK(has(refusal(undefined(inner + end)), "in no item of it"));
  CHECK(has(refusal(undefined(open_item + inner + end_item)), "in no item of it"));
  CHECK(has(refusal(undefined(m.u16(0xFFFE) + m.u16(0xE000) + m.u32(0x7FFFFFFF) + inner + end)), "an item of 2147483647 bytes"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += m.u16(0x0008) + m.u16(0x1140) + "SQ" + m.u16(0) + m.u32(0xFFFFFFFF) + open_item;
  CHECK(has(refusal(undefined(open_item + deep)), "sequences within sequences, more than 16 deep"));
  // Of unknown representation and length: implicit little endian inside (CP-246).
  const std::string implicit_inner = m.u16(0x0028) + m.u16(0x0010) + m.u32(2) + m.u16(999);
  CHECK(read_dicom(bytes_of(DicomMaker().set(0x00091001, {"UN", m.item(0xE000, implicit_inner) + end, true, -1}).file())).rows ==
        3);
}

TEST_CASE("dicom: what is often wrong or missing, and does not matter") {
  std::string file = DicomMaker().file();
  file[128 + 4 + 8] = 99;  // the group length of the file meta information
  CHECK(read_dicom(bytes_of(file)).rows == 3);
  const std::string bare = DicomMaker().drop(0x00280002).drop(0x00280102).drop(0x00280103).drop(0x00080060).file();
  const Dicom d = read_dicom(bytes_of(bare));
  CHECK(d.high_bit == 11);
  CHECK(!d.is_signed);
  CHECK(d.modality.empty());
  CHECK(read_dicom(bytes_of(DicomMaker().file() + "what follows the pixels")).rows == 3);
  CHECK(!read_dicom(bytes_of(DicomMaker().text(0x00281050, "DS", "0").text(0x00281051, "DS", "0").file())).window);
}

TEST_CASE("dicom: bytes in words of big endian are swapped, bytes alone are not") {
  const std::vector<int> swapped{2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11};
  const std::vector<uint8_t> straight{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  DicomMaker m("1.2.840.10008.1.2.2");
  m.number(0x00280100, 8).number(0x00280101, 8).number(0x00280102, 7).pixels(swapped, 8);
  CHECK(stored_samples(read_dicom(bytes_of(m.file()))) == straight);
  m.set(0x7FE00010, {"OB", std::string(straight.begin(), straight.end()), false, -1});
  CHECK(stored_samples(read_dicom(bytes_of(m.file()))) == straight);
}

TEST_CASE("dicom: who, how old, from where, how large") {
  DicomMaker m;
  m.text(0x00100020, "LO", "P-17").text(0x00100040, "CS", "F").text(0x00101010, "AS", "018M").text(0x00185101, "CS", "PA");
  m.text(0x0020000D, "UI", "1.2.3").text(0x00280030, "DS", "0.14\\0.15").text(0x00280301, "CS", "YES");
  const Dicom d = read_dicom(bytes_of(m.file()));
  CHECK(d.person.patient == "P-17");
  CHECK(d.person.study == "1.2.3");
  CHECK(d.person.sex == "F");
  CHECK(*d.person.age_years == doctest::Approx(1.5));
  CHECK(d.person.view == "PA");
  CHECK(*d.spacing_mm == std::pair(0.14, 0.15));
  CHECK(d.burned_in);
  CHECK(*read_dicom(bytes_of(m.text(0x00101010, "AS", "010D").file())).person.age_years == doctest::Approx(10 / 365.25));
  CHECK(*read_dicom(bytes_of(m.text(0x00101010, "AS", "81").file())).person.age_years == 81);
  CHECK(!read_dicom(bytes_of(m.text(0x00101010, "AS", "0x1Y").file())).person.age_years);
}
