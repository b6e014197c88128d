// Small values of all ranks.
#pragma once

#include <type_traits>
#include <vector>

#include "tensor/communicator.h"

namespace thorax {

// In the order of the ranks. communicator: null for one process.
template <class T>
std::vector<T> of_ranks(Communicator* communicator, const T& own) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (communicator == nullptr) return {own};
  T mine = own;
  std::vector<T> all(static_cast<size_t>(communicator->size()));
  const auto bytes = static_cast<int64_t>(sizeof(T));
  communicator->all_gather({&mine, {bytes}, DType::u8, Layout::plain},
                           {all.data(), {bytes * static_cast<int64_t>(all.size())}, DType::u8, Layout::plain});
  return all;
}

// In double, in the order of the ranks: the same bits on all.
inline double sum_of_ranks(Communicator* communicator, double own) {
  if (communicator == nullptr) return own;
  double sum = 0;
  for (const double value : of_ranks(communicator, own)) sum += value;
  return sum;
}

// Each element, in place; f32.
inline void sum_over_ranks(Communicator* communicator, std::vector<float>& values) {
  if (communicator != nullptr)
    communicator->all_reduce({values.data(), {static_cast<int64_t>(values.size())}, DType::f32, Layout::plain});
}

}  // namespace thorax
