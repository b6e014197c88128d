#include "data/dicom_lut.h"

#include "data/refuse.h"

namespace thorax::data {

namespace {

// Entries of 16 bits, or of 8 packed two in a word (PS3.3 C.11.1.1.1).
void read_entries(Lut& lut, const Element& data, size_t count, Tag sequence) {
  const bool packed = lut.bits == 8 && data.value.size() == count + count % 2 && count > 1;
  if (!packed && data.value.size() != 2 * count) {
    refuse(named(sequence), " has ", count, " entries, but ", data.value.size(), " bytes of them");
  }
  lut.entries.resize(count);
  const int largest = (1 << lut.bits) - 1;
  for (size_t i = 0; i < count; ++i) {
    const int word = read_u16(data.value, packed ? i / 2 * 2 : 2 * i, data.big_endian);
    const int entry = packed ? word >> (i % 2 == 0 ? 0 : 8) & 0xFF : word;
    if (entry > largest) refuse(named(sequence), " has entries beyond its ", lut.bits, " bits");
    lut.entries[i] = static_cast<uint16_t>(entry);
  }
}

}  // namespace

std::optional<Lut> read_lut(const DicomFields& fields, Tag sequence, bool signed_input) {
  const Element* descriptor = fields.find(tags::lut_descriptor, sequence);
  const Element* data = fields.find(tags::lut_data, sequence);
  if (descriptor == nullptr && data == nullptr) return std::nullopt;
  if (descriptor == nullptr || data == nullptr || descriptor->value.size() != 6) {
    refuse(named(sequence), " has no descriptor of three numbers, or no data");
  }
  const auto number = [&](size_t k) { return read_u16(descriptor->value, 2 * k, descriptor->big_endian); };
  Lut lut;
  const size_t count = number(0) == 0 ? 65536 : number(0);
  const bool is_signed = descriptor->vr[0] == 'S' || (descriptor->vr[0] != 'U' && signed_input) ||
                         (descriptor->vr[0] == 'U' && descriptor->vr[1] == 'N' && signed_input);
  lut.first = is_signed ? static_cast<int16_t>(number(1)) : number(1);
  lut.bits = number(2);
  if (lut.bits < 8 || lut.bits > 16) refuse(named(sequence), " has entries of ", lut.bits, " bits; 8 to 16 are expected");
  read_entries(lut, *data, count, sequence);
  return lut;
}

}  // namespace thorax::data
