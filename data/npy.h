// Arrays of numpy's .npy format (its NEP 1), little endian, in C order: integers of one to eight bytes in, floats out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thorax::data {

struct NpyArray {
  std::vector<int64_t> shape;
  int bytes_each = 1;
  bool is_signed = false;
  std::string data;  // as it lies in the file

  int64_t count() const;
  int64_t at(int64_t index) const;
};

// Throws Error(input) that begins with `where`.
NpyArray parse_npy(std::string bytes, const std::string& where);

// float32, format 1.0.
std::string encode_npy(const std::vector<int64_t>& shape, std::span<const float> values);

}  // namespace thorax::data
