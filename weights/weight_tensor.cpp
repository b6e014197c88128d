#include "weights/weight_tensor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "tensor/dtype.h"
#include "tensor/error.h"

namespace thorax::weights {
namespace {

constexpr size_t piece_bytes = size_t{64} << 10U;

template <class From>
From load(const std::byte* at) {
  From value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Towards zero; what does not fit becomes the nearest that does, and NaN 0.
template <class To>
To real_to(double x) {
  if constexpr (std::is_integral_v<To>) {
    constexpr double limit = 9.2e18;
    return std::isnan(x) ? To{0} : static_cast<To>(std::clamp(x, -limit, limit));
  } else {
    return static_cast<To>(x);
  }
}

template <class To>
struct Conversion {
  std::string_view dtype;
  To (*convert)(const std::byte*);
};

template <class To>
constexpr std::array<Conversion<To>, 13> conversions{{
    {"F32", [](const std::byte* p) { return real_to<To>(static_cast<double>(load<float>(p))); }},
    {"F64", [](const std::byte* p) { return real_to<To>(load<double>(p)); }},
    {"F16", [](const std::byte* p) { return real_to<To>(static_cast<double>(to_float(load<f16>(p)))); }},
    {"BF16", [](const std::byte* p) { return real_to<To>(static_cast<double>(to_float(load<bf16>(p)))); }},
    {"I64", [](const std::byte* p) { return static_cast<To>(load<int64_t>(p)); }},
    {"I32", [](const std::byte* p) { return static_cast<To>(load<int32_t>(p)); }},
    {"I16", [](const std::byte* p) { return static_cast<To>(load<int16_t>(p)); }},
    {"I8", [](const std::byte* p) { return static_cast<To>(load<int8_t>(p)); }},
    {"U64", [](const std::byte* p) { return static_cast<To>(load<uint64_t>(p)); }},
    {"U32", [](const std::byte* p) { return static_cast<To>(load<uint32_t>(p)); }},
    {"U16", [](const std::byte* p) { return static_cast<To>(load<uint16_t>(p)); }},
    {"U8", [](const std::byte* p) { return static_cast<To>(load<uint8_t>(p)); }},
    {"BOOL", [](const std::byte* p) { return static_cast<To>(load<uint8_t>(p) != 0); }},
}};

template <class To>
void convert(const WeightTensor& t, To* out) {
  const auto& table = conversions<To>;
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& c) { return c.dtype == t.dtype; });
  if (found == table.end()) throw Error(Fault::defect, str(t.name, ": ", t.dtype, " is no number"));
  for_each_piece(t, [&](std::span<const std::byte> piece) {
    for (size_t at = 0; at < piece.size(); at += t.item) *out++ = found->convert(piece.data() + at);
  });
}

bool is_row_major(const WeightTensor& t) {
  int64_t expected = 1;
  for (size_t i = t.shape.size(); i-- > 0; expected *= t.shape[i]) {
    if (t.shape[i] != 1 && t.strides[i] != expected) return false;
  }
  return true;
}

}  // namespace

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) text += (text.empty() ? "" : ",") + std::to_string(d);
  return '[' + text + ']';
}

uint64_t WeightTensor::count() const {
  uint64_t n = 1;
  for (const int64_t d : shape) n *= static_cast<uint64_t>(d);
  return n;
}

std::vector<int64_t> row_major(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    if (__builtin_mul_overflow(strides[i], std::max<int64_t>(shape[i], 1), &strides[i - 1])) strides[i - 1] = 0;
  }
  return strides;
}

std::string extent_fault(const WeightTensor& t) {
  if (t.shape.size() > max_rank) return str(t.shape.size(), " dimensions, at most ", max_rank, " are allowed");
  if (t.strides.size() != t.shape.size()) return str(t.shape.size(), " dimensions and ", t.strides.size(), " strides");
  const auto negative = [](int64_t n) { return n < 0; };
  if (std::any_of(t.shape.begin(), t.shape.end(), negative) || std::any_of(t.strides.begin(), t.strides.end(), negative)) {
    return "a negative dimension or stride";
  }
  const uint64_t items = t.item == 0 ? 0 : t.storage.size() / t.item;
  uint64_t count = 1;
  uint64_t last = 0;  // the element furthest from the first
  bool overflow = false;
  for (size_t i = 0; i < t.shape.size(); ++i) {
    if (t.shape[i] == 0) return {};
    uint64_t span = 0;
    overflow |= __builtin_mul_overflow(static_cast<uint64_t>(t.shape[i] - 1), static_cast<uint64_t>(t.strides[i]), &span);
    overflow |= __builtin_add_overflow(last, span, &last);
    overflow |= __builtin_mul_overflow(count, static_cast<uint64_t>(t.shape[i]), &count);
  }
  uint64_t bytes = 0;
  overflow |= __builtin_mul_overflow(count, std::max<uint64_t>(t.item, 1), &bytes);
  if (overflow || bytes > std::numeric_limits<int64_t>::max()) return "its size overflows";
  if (last >= items) return str("its last element would be number ", last + 1, ", ", items, " are there");
  return {};
}

uint64_t item_bytes(std::string_view dtype) {
  static constexpr std::pair<std::string_view, uint64_t> table[] = {
      {"F32", 4}, {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4},   {"I16", 2},     {"I8", 1},     {"U64", 8},
      {"U32", 4}, {"U16", 2}, {"U8", 1},  {"BOOL", 1}, {"C64", 8}, {"C128", 16}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  for (const auto& [name, bytes] : table) {
    if (name == dtype) return bytes;
  }
  return 0;
}

void for_each_piece(const WeightTensor& t, const std::function<void(std::span<const std::byte>)>& use) {
  if (t.item == 0 || is_row_major(t)) {
    const auto all = t.storage.first(static_cast<size_t>(t.bytes()));
    const size_t step = t.item == 0 || t.item > piece_bytes ? piece_bytes : piece_bytes / t.item * t.item;
    for (size_t at = 0; at < all.size(); at += step) use(all.subspan(at, std::min(step, all.size() - at)));
    return;
  }
  std::vector<std::byte> piece;
  piece.reserve(piece_bytes);
  std::vector<int64_t> index(t.shape.size(), 0);
  uint64_t element = 0;
  for (uint64_t left = t.count(); left > 0; --left) {
    const auto bytes = t.storage.subspan(static_cast<size_t>(element * t.item), static_cast<size_t>(t.item));
    piece.insert(piece.end(), bytes.begin(), bytes.end());
    if (piece.size() + t.item > piece_bytes || left == 1) {
      use(piece);
      piece.clear();
    }
    for (size_t i = t.shape.size(); i-- > 0;) {
      element += static_cast<uint64_t>(t.strides[i]);
      if (++index[i] < t.shape[i]) break;
      element -= static_cast<uint64_t>(t.strides[i]) * static_cast<uint64_t>(t.shape[i]);
      index[i] = 0;
    }
  }
}

bool is_number(const WeightTensor& t) {
  const auto& table = conversions<float>;
  return std::any_of(table.begin(), table.end(), [&](const auto& c) { return c.dtype == t.dtype; });
}

void to_floats(const WeightTensor& t, float* out) {
  convert(t, out);
}

void to_int64(const WeightTensor& t, int64_t* out) {
  convert(t, out);
}

}  // namespace thorax::weights
