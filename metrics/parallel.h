// Work shared among threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <future>
#include <thread>
#include <vector>

namespace thorax::metrics {

// work(begin, end) for parts of [0, count); the result must not depend on the parts. threads: 0: as many as the machine has.
template <class Work>
void in_parallel(size_t count, int threads, const Work& work) {
  const size_t wanted = threads > 0 ? static_cast<size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  const size_t workers = std::max<size_t>(1, std::min(wanted, count));
  std::vector<std::future<void>> others;  // which wait for their thread when they are destroyed, and hand on what it throws
  for (size_t w = 1; w < workers; ++w) {
    others.push_back(std::async(std::launch::async, [&, w] { work(count * w / workers, count * (w + 1) / workers); }));
  }
  work(0, count / workers);
  for (auto& other : others) other.get();
}

}  // namespace thorax::metrics
