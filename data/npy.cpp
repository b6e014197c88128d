#include "data/npy.h"

#include <charconv>
#include <string_view>

#include "tensor/error.h"

namespace thorax::data {

namespace {

// The header is the text of a Python dictionary with three entries: what stands behind 'key':.
std::string_view entry(std::string_view header, const std::string& key, const std::string& where) {
  const size_t at = header.find('\'' + key + "':");
  if (at == std::string_view::npos) throw Error(Fault::input, str(where, ": an .npy header without ", key));
  std::string_view rest = header.substr(at + key.size() + 3);
  while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  return rest;
}

// (4708, 28, 28)
std::vector<int64_t> shape_of(std::string_view text, const std::string& where) {
  constexpr size_t most_axes = 4;
  std::vector<int64_t> shape;
  const char* at = text.data() + 1;
  const char* end = text.data() + text.size();
  while (!text.empty() && text[0] == '(' && at < end && *at != ')') {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    int64_t axis = 0;
    const auto result = std::from_chars(at, end, axis);
    if (result.ec != std::errc() || axis < 0 || axis > INT32_MAX || shape.size() == most_axes) break;
    shape.push_back(axis);
    at = result.ptr;
  }
  if (at >= end || *at != ')' || shape.empty())
    throw Error(Fault::input, where + ": an .npy shape of one to four axes is expected");
  return shape;
}

}  // namespace

int64_t NpyArray::count() const {
  int64_t n = 1;
  for (int64_t axis : shape) n *= axis;
  return n;
}

int64_t NpyArray::at(int64_t index) const {
  uint64_t value = 0;
  const auto first = static_cast<size_t>(index * bytes_each);
  for (int i = bytes_each - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(data[first + static_cast<size_t>(i)]);
  const int unused = 64 - 8 * bytes_each;
  return is_signed ? static_cast<int64_t>(value << unused) >> unused : static_cast<int64_t>(value);
}

NpyArray parse_npy(std::string bytes, const std::string& where) {
  const std::string_view text = bytes;
  if (text.substr(0, 6) != "\x93NUMPY" || text.size() < 12) throw Error(Fault::input, where + ": no .npy array");
  const int length_bytes = text[6] == 1 ? 2 : 4;
  size_t length = 0;
  for (int i = length_bytes - 1; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(text[8 + static_cast<size_t>(i)]);
  const size_t begin = 8 + static_cast<size_t>(length_bytes);
  if (length > text.size() - begin) throw Error(Fault::input, where + ": cut off in its header");
  const std::string_view header = text.substr(begin, length);
  NpyArray array;
  const std::string_view type = entry(header, "descr", where).substr(0, 5);  // '|u1'
  const bool integer = type.size() == 5 && type[0] == '\'' && type[4] == '\'' && (type[1] == '|' || type[1] == '<') &&
                       (type[2] == 'u' || type[2] == 'i' || type[2] == 'b');
  if (!integer || std::string_view("1248").find(type[3]) == std::string_view::npos)
    throw Error(Fault::input, where + ": its numbers are no little-endian integers");
  if (entry(header, "fortran_order", where).substr(0, 5) != "False") throw Error(Fault::input, where + ": in Fortran order");
  array.bytes_each = type[3] - '0';
  array.is_signed = type[2] == 'i';
  array.shape = shape_of(entry(header, "shape", where), where);
  // In doubles, in which no product of four axes overflows.
  double wanted = array.bytes_each;
  for (int64_t axis : array.shape) wanted *= static_cast<double>(axis);
  const size_t rest = text.size() - begin - length;
  if (wanted != static_cast<double>(rest))
    throw Error(Fault::input, str(where, ": holds ", rest, " bytes, its shape needs ", wanted));
  bytes.erase(0, begin + length);
  array.data = std::move(bytes);
  return array;
}

std::string encode_npy(const std::vector<int64_t>& shape, std::span<const float> values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const int64_t axis : shape) header += str(axis, ',');
  header += "), }";
  // The data begin at a multiple of 64 bytes, behind a newline.
  constexpr size_t before = 10;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return bytes;
}

}  // namespace thorax::data
