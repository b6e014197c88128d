#include "data/gdcm.h"

#ifdef THORAX_GDCM
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wextra"
#include <gdcm-3.0/gdcmImage.h>
#include <gdcm-3.0/gdcmImageReader.h>
#include <gdcm-3.0/gdcmTrace.h>
#pragma GCC diagnostic pop

#include <exception>
#include <istream>
#include <streambuf>
#endif

namespace thorax::data::gdcm_decoder {

#ifdef THORAX_GDCM

namespace {

// Bytes in memory as a stream that can be read and positioned.
class Memory : public std::streambuf {
 public:
  explicit Memory(std::span<const uint8_t> bytes) {
    char* begin = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));  // streambuf knows no const; it only reads
    setg(begin, begin, begin + bytes.size());
  }

 protected:
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode /*mode*/) override {
    const off_type size = egptr() - eback();
    const off_type base = from == std::ios_base::beg ? 0 : from == std::ios_base::cur ? gptr() - eback() : size;
    if (offset < -base || offset > size - base) return off_type{-1};
    setg(eback(), eback() + base + offset, egptr());
    return base + offset;
  }
  pos_type seekpos(pos_type position, std::ios_base::openmode mode) override {
    return seekoff(position, std::ios_base::beg, mode);
  }
};

}  // namespace

bool available() {
  return true;
}

std::string decode(std::span<const uint8_t> file, std::span<uint8_t> samples) {
  gdcm::Trace::DebugOff();
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
  try {
    Memory memory(file);
    std::istream stream(&memory);
    gdcm::ImageReader reader;
    reader.SetStream(stream);
    if (!reader.Read()) return "the decoder cannot read it";
    const gdcm::Image& image = reader.GetImage();
    if (image.GetBufferLength() != samples.size()) return "the decoder sees another size";
    if (!image.GetBuffer(reinterpret_cast<char*>(samples.data()))) return "the decoder gives up";
    return {};
  } catch (const std::exception&) {
    return "the decoder fails";
  }
}

#else

bool available() {
  return false;
}

std::string decode(std::span<const uint8_t> /*file*/, std::span<uint8_t> /*samples*/) {
  return "thorax was built without a decoder for it";
}

#endif

}  // namespace thorax::data::gdcm_decoder
