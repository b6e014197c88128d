#include "parallel/message.h"

#include <cstdint>
#include <string_view>

#include "tensor/error.h"

namespace thorax::parallel {

namespace {

constexpr size_t length_bytes = 4;
constexpr size_t head_bytes = 3;  // kind and key's length
constexpr std::string_view kinds = "NJWRSGVHLXF";

void append(std::string& to, size_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to.push_back(static_cast<char>(number >> (8 * i) & 0xFF));
}

size_t number_at(const std::string& from, size_t at, size_t bytes) {
  size_t number = 0;
  for (size_t i = 0; i < bytes; ++i) number |= static_cast<size_t>(static_cast<uint8_t>(from[at + i])) << (8 * i);
  return number;
}

}  // namespace

std::string encode(const Message& m) {
  if (m.key.size() > most_key_bytes) throw Error(Fault::defect, str("a key of ", m.key.size(), " bytes"));
  const std::string value = m.value.substr(0, most_message_bytes - head_bytes - m.key.size());
  std::string out;
  append(out, head_bytes + m.key.size() + value.size(), length_bytes);
  out.push_back(static_cast<char>(m.kind));
  append(out, m.key.size(), 2);
  return out + m.key + value;
}

std::optional<Message> Decoder::next() {
  if (bad_ || bytes_.size() < length_bytes) return std::nullopt;
  const size_t length = number_at(bytes_, 0, length_bytes);
  bad_ = length < head_bytes || length > most_message_bytes;
  if (bad_ || bytes_.size() < length_bytes + length) return std::nullopt;
  const char kind = bytes_[length_bytes];
  const size_t key = number_at(bytes_, length_bytes + 1, 2);
  bad_ = kinds.find(kind) == std::string_view::npos || key > most_key_bytes || key > length - head_bytes;
  if (bad_) return std::nullopt;
  const size_t body = length_bytes + head_bytes;
  Message m{static_cast<Kind>(kind), bytes_.substr(body, key), bytes_.substr(body + key, length - head_bytes - key)};
  bytes_.erase(0, length_bytes + length);
  return m;
}

}  // namespace thorax::parallel
