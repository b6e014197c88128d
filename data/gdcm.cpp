#include "data/gdcm.h"

#ifdef THORAX_GDCM
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wextra"
#include <gdcm-3.0/gdcmImage.h>
#include <gdcm-3.0/gdcmImageChangeTransferSyntax.h>
#include <gdcm-3.0/gdcmImageReader.h>
#include <gdcm-3.0/gdcmSequenceOfFragments.h>
#include <gdcm-3.0/gdcmTrace.h>
#include <gdcm-3.0/gdcmVersion.h>
#pragma GCC diagnostic pop

#include <exception>
#include <istream>
#include <mutex>
#include <streambuf>
#endif

namespace thorax::data::gdcm_codec {

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

void be_quiet() {
  gdcm::Trace::DebugOff();
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
}

gdcm::SmartPointer<gdcm::Image> image_of(uint32_t columns, uint32_t rows, int bits, std::span<const uint8_t> samples) {
  gdcm::SmartPointer<gdcm::Image> pointer = new gdcm::Image;
  gdcm::Image& image = *pointer;
  image.SetNumberOfDimensions(2);
  image.SetDimension(0, columns);
  image.SetDimension(1, rows);
  image.SetPixelFormat(gdcm::PixelFormat(1, 16, static_cast<uint16_t>(bits), static_cast<uint16_t>(bits - 1), 0));
  image.SetPhotometricInterpretation(gdcm::PhotometricInterpretation::MONOCHROME2);
  image.SetTransferSyntax(gdcm::TransferSyntax::ExplicitVRLittleEndian);
  gdcm::DataElement pixels(gdcm::Tag(0x7FE0, 0x0010));
  pixels.SetByteValue(reinterpret_cast<const char*>(samples.data()), gdcm::VL(static_cast<uint32_t>(samples.size())));
  image.SetDataElement(pixels);
  return pointer;
}

}  // namespace

bool available() {
  return true;
}

std::string decode(std::span<const uint8_t> file, std::span<uint8_t> samples) {
  be_quiet();
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

std::vector<uint8_t> encode(Coding coding, uint32_t columns, uint32_t rows, int bits, std::span<const uint8_t> samples) {
  static std::mutex one_at_a_time;  // GDCM does not say what several threads may do
  const std::scoped_lock lock(one_at_a_time);
  be_quiet();
  try {
    gdcm::ImageChangeTransferSyntax change;
    change.SetTransferSyntax(coding == Coding::jpeg_lossless ? gdcm::TransferSyntax::JPEGLosslessProcess14_1
                                                             : gdcm::TransferSyntax::JPEG2000Lossless);
    change.SetInput(*image_of(columns, rows, bits, samples));
    if (!change.Change()) return {};
    const gdcm::SequenceOfFragments* fragments = change.GetOutput().GetDataElement().GetSequenceOfFragments();
    if (fragments == nullptr) return {};
    std::vector<uint8_t> codestream(fragments->ComputeByteLength());
    return fragments->GetBuffer(reinterpret_cast<char*>(codestream.data()), codestream.size()) ? codestream
                                                                                               : std::vector<uint8_t>{};
  } catch (const std::exception&) {
    return {};
  }
}

std::string version() {
  return gdcm::Version::GetVersion();
}

#else

bool available() {
  return false;
}

std::string version() {
  return {};
}

std::string decode(std::span<const uint8_t> /*file*/, std::span<uint8_t> /*samples*/) {
  return "thorax was built without a decoder for it";
}

std::vector<uint8_t> encode(Coding /*coding*/, uint32_t /*columns*/, uint32_t /*rows*/, int /*bits*/,
                            std::span<const uint8_t> /*samples*/) {
  return {};
}

#endif

}  // namespace thorax::data::gdcm_codec
