// A logical shape: at most four dimensions, N, C, H, W for images; 64-bit counts.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>

#include "tensor/error.h"

namespace thorax {

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) {
    if (dims.size() > 4) throw Error(Fault::defect, str("shape: ", dims.size(), " dimensions, at most 4 are allowed"));
    for (int64_t d : dims) {
      if (d < 0) throw Error(Fault::defect, str("shape: negative dimension ", d));
      dims_[static_cast<size_t>(rank_++)] = d;
    }
  }
  int rank() const { return rank_; }
  int64_t operator[](int i) const { return dims_[static_cast<size_t>(i)]; }
  // 1 for a scalar (rank 0).
  int64_t count() const {
    int64_t n = 1;
    for (int i = 0; i < rank_; ++i) n *= (*this)[i];
    return n;
  }
  bool operator==(const Shape&) const = default;

 private:
  std::array<int64_t, 4> dims_{};
  int rank_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Shape& s) {
  out << '[';
  for (int i = 0; i < s.rank(); ++i) out << (i ? "," : "") << s[i];
  return out << ']';
}

}  // namespace thorax
