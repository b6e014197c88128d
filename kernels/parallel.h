// Items side by side: each caller, a thread of its own, takes a contiguous part of the items in order. What is called inside must
// be made for one thread (oneDNN primitives) or look whether it is inside (our kernels do).
#pragma once

#include <cstdint>
#include <exception>

namespace thorax {

// f(caller, item, first): first tells that it is the caller's first item. callers == 1: an ordinary loop outside any parallel
// region, so that what is called may use all threads itself.
template <class F>
void side_by_side(int callers, int64_t items, const F& f) {
  if (callers <= 1) {
    for (int64_t i = 0; i < items; ++i) f(0, i, i == 0);
    return;
  }
  std::exception_ptr failure;
#pragma omp parallel for schedule(static) num_threads(callers)
  for (int caller = 0; caller < callers; ++caller) {
    const int64_t begin = items * caller / callers;
    try {
      for (int64_t i = begin; i < items * (caller + 1) / callers; ++i) f(caller, i, i == begin);
    } catch (...) {  // an exception must not leave the region
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace thorax
