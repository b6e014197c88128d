// One tensor of somebody else's file: where its elements lie, of any dtype, rank and strides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thorax::weights {

struct WeightTensor {
  std::string name;
  std::string dtype;  // safetensors' name, F32, BF16, I64, ...; another format's own name where it has none
  uint64_t item = 0;  // bytes of an element; 0: not whole bytes, or not known: the storage is taken as it is
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;        // in elements, none negative; a stride of 0 repeats
  std::span<const std::byte> storage;  // from the first element on; may be longer than the tensor

  uint64_t count() const;
  uint64_t bytes() const { return item == 0 ? storage.size() : count() * item; }
};

inline constexpr size_t max_rank = 64;  // PyTorch's own

// Checks t against its storage: rank, overflow, and that the last element lies inside. Returns what is wrong, or nothing.
std::string extent_fault(const WeightTensor& t);

// "[64,3,7,7]"
std::string shape_text(const std::vector<int64_t>& shape);

// Row-major strides of a shape.
std::vector<int64_t> row_major(const std::vector<int64_t>& shape);

// The elements in row-major order, little-endian, in pieces.
void for_each_piece(const WeightTensor& t, const std::function<void(std::span<const std::byte>)>& use);

// Bytes of an element of a dtype by safetensors' name; 0 for one that is not known.
uint64_t item_bytes(std::string_view dtype);

// Whether to_floats and to_int64 know the dtype: F64, F32, F16, BF16 and integers; complex numbers, 8-bit floats and text are not
// weights.
bool is_number(const WeightTensor& t);
// t.count() numbers, rounded to nearest (F64). Throws Error(defect) unless is_number(t).
void to_floats(const WeightTensor& t, float* out);
void to_int64(const WeightTensor& t, int64_t* out);

}  // namespace thorax::weights
