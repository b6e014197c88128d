#include "apps/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <iomanip>
#include <span>
#include <sstream>
#include <string>

#include "tensor/checksum.h"

namespace thorax {
namespace {

static_assert(std::endian::native == std::endian::little);

// Protocol buffers: a field is its number and wire type as a varint, then a varint, 8 bytes, length and bytes, or 4 bytes.
enum class Wire : uint64_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

template <class T>
std::string raw(T value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
  return {bytes.data(), bytes.size()};
}

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string key(uint64_t field, Wire wire) {
  return varint(field << 3 | static_cast<uint64_t>(wire));
}
std::string field(uint64_t number, double value) {
  return key(number, Wire::fixed64) + raw(value);
}
std::string field(uint64_t number, float value) {
  return key(number, Wire::fixed32) + raw(value);
}
std::string field(uint64_t number, int64_t value) {
  return key(number, Wire::varint) + varint(static_cast<uint64_t>(value));
}
std::string field(uint64_t number, std::string_view bytes) {
  return key(number, Wire::bytes) + varint(bytes.size()) + std::string(bytes);
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// TFRecord's mask, so that the checksum of data that holds checksums stays a good one.
uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc32c(std::as_bytes(std::span(bytes))), 15) + 0xa282ead8U;
}

// TensorBoard reads the files of a folder in the order of their names: seconds, as elsewhere, then microseconds.
std::filesystem::path name_of(const std::filesystem::path& folder) {
  make_directories(folder);
  const auto microseconds = static_cast<int64_t>(now() * 1e6);
  std::ostringstream name;
  name << "events.out.tfevents." << std::setfill('0') << std::setw(10) << microseconds / 1000000 << '.' << std::setw(6)
       << microseconds % 1000000 << ".thorax." << ::getpid();
  return folder / name.str();
}

}  // namespace

TensorBoard::TensorBoard(const std::filesystem::path& folder, std::optional<int64_t> resumed_step) : file_(name_of(folder)) {
  append(field(1, now()) + field(3, "brain.Event:2"));
  if (resumed_step) {
    // Event.session_log = SessionLog{status = START}: what has this step or a later one is void.
    append(field(1, now()) + field(2, *resumed_step + 1) + field(7, field(1, int64_t{1})));
  }
}

void TensorBoard::add_scalar(std::string_view tag, double value, int64_t step) {
  const std::string scalar = field(1, tag) + field(2, static_cast<float>(value));  // Summary.Value{tag, simple_value}
  append(field(1, now()) + field(2, step) + field(5, field(1, scalar)));           // Event{wall_time, step, summary}
}

void TensorBoard::append(std::string_view event) {
  const std::string length = raw(static_cast<uint64_t>(event.size()));
  file_.append(length + raw(masked_crc(length)) + std::string(event) + raw(masked_crc(event)));
}

}  // namespace thorax
