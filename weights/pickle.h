// Python's pickle format (protocols 0 to 5, docs.python.org/3/library/pickletools.html) as plain data. Nothing is imported and
// nothing is called: a class is a name, an object of it is a record, and a call is a record if the function is on the caller's
// list, else the file is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weights/byte_reader.h"

namespace thorax::weights {

struct PickleValue {
  enum class Kind : uint8_t {
    none,
    boolean,
    integer,  // that fits int64
    real,
    text,   // UTF-8
    bytes,  // also an integer that does not fit: its two's complement
    tuple,
    list,
    set,
    dict,        // items: key, value, key, value, ...; a key may be there twice, and the last one counts
    global,      // text: "module.name" of a class or function
    persistent,  // items: the id of something that lies outside the pickle
    object,      // items: class, arguments, and where it has one, its state
    call,        // items: function, arguments, and where it has one, the state set afterwards
  };
  Kind kind = Kind::none;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<uint32_t> items;
};

// Limits, whatever the file says.
struct PickleLimits {
  size_t values = 2000000;
  size_t items = 16000000;  // of all tuples, lists, sets and dicts together
  size_t steps = 16000000;
  size_t stack = 1000000;
  size_t text = size_t{64} << 20U;  // bytes of all strings
};

class Pickle {
 public:
  using Kind = PickleValue::Kind;

  // Reads one pickle and leaves `in` behind it. callable: the functions ("module.name") whose calls are kept as records.
  // Throws Error(input): "refused: it wants to call ..." for another one.
  Pickle(ByteReader& in, std::span<const std::string_view> callable, const PickleLimits& limits = {});

  const PickleValue& root() const { return values_[root_]; }
  const std::deque<PickleValue>& values() const { return values_; }
  const PickleValue& item(const PickleValue& v, size_t i) const { return values_[v.items[i]]; }
  // In a dict with text keys; nullptr when it is not there.
  const PickleValue* find(const PickleValue& dict, std::string_view key) const;

 private:
  friend class PickleMachine;
  std::deque<PickleValue> values_;
  uint32_t root_ = 0;
};

}  // namespace thorax::weights
