#include <array>

#include "data/dicom.h"

namespace thorax::data {

namespace {

struct Entry {
  const char* uid;
  const char* name;
};

// In the order of the enumeration.
constexpr std::array<Entry, 13> entries{{
    {"1.2.840.10008.1.2", "implicit little endian"},
    {"1.2.840.10008.1.2.1", "explicit little endian"},
    {"1.2.840.10008.1.2.1.99", "deflated explicit little endian"},
    {"1.2.840.10008.1.2.2", "explicit big endian"},
    {"1.2.840.10008.1.2.5", "RLE"},
    {"1.2.840.10008.1.2.4.50", "JPEG baseline"},
    {"1.2.840.10008.1.2.4.51", "JPEG extended"},
    {"1.2.840.10008.1.2.4.57", "JPEG lossless"},
    {"1.2.840.10008.1.2.4.70", "JPEG lossless, first-order prediction"},
    {"1.2.840.10008.1.2.4.80", "JPEG-LS lossless"},
    {"1.2.840.10008.1.2.4.81", "JPEG-LS near-lossless"},
    {"1.2.840.10008.1.2.4.90", "JPEG 2000 lossless"},
    {"1.2.840.10008.1.2.4.91", "JPEG 2000"},
}};

}  // namespace

const char* name_of(Syntax syntax) {
  return entries[static_cast<size_t>(syntax)].name;
}

const char* uid_of(Syntax syntax) {
  return entries[static_cast<size_t>(syntax)].uid;
}

std::optional<Syntax> syntax_of(const std::string& uid) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (uid == entries[i].uid) return static_cast<Syntax>(i);
  }
  return std::nullopt;
}

bool is_encapsulated(Syntax syntax) {
  return syntax >= Syntax::rle;
}

const char* name_of(WindowFunction function) {
  constexpr std::array<const char*, 3> names{"LINEAR", "LINEAR_EXACT", "SIGMOID"};
  return names[static_cast<size_t>(function)];
}

}  // namespace thorax::data
