// What the ranks and the rendezvous say to each other: a kind, a key, a value. On the wire: the length of the rest in 4 bytes,
// the kind in one, the key's length in 2, the key, the value; lengths little-endian.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace thorax::parallel {

enum class Kind : char {
  challenge = 'N',  // to whoever connects; value: a number that is used once
  join = 'J',       // key: "keys RANK SIZE" or "watch RANK SIZE"; value: the proof that the secret is known
  welcome = 'W',
  refused = 'R',  // value: why
  set = 'S',      // key, value
  get = 'G',      // key; answered when there is a value
  value = 'V',    // key, value
  alive = 'H',    // both ways, every second
  leave = 'L',    // this rank has done all its work
  failed = 'X',   // this rank ends; key: the exit code, value: why
  verdict = 'F',  // to all: the training ends; key: the exit code, value: which rank, and why
};

struct Message {
  Kind kind = Kind::alive;
  std::string key{}, value{};
};

constexpr size_t most_message_bytes = 65536;
constexpr size_t most_key_bytes = 256;

// Longer values are cut: they are texts for people. Throws Error(defect) for a longer key.
std::string encode(const Message& m);

// Messages out of bytes that arrive in pieces.
class Decoder {
 public:
  std::string& buffer() { return bytes_; }
  // Empty: the next has not arrived whole, or never will (bad()).
  std::optional<Message> next();
  bool bad() const { return bad_; }

 private:
  std::string bytes_;
  bool bad_ = false;
};

}  // namespace thorax::parallel
