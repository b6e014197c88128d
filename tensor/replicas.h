// How the images of a step are shared out among the processes of a training.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace thorax {

class Communicator;

// A rank's part of n things in a row: parts differ by one at most, the first ranks have the larger ones.
struct Share {
  int64_t begin = 0, count = 0;
};
inline Share share_of(int64_t n, int rank, int size) {
  const int64_t each = n / size;
  const int64_t rest = n % size;
  return {rank * each + std::min<int64_t>(rank, rest), each + (rank < rest ? 1 : 0)};
}

struct Replicas {
  Communicator* communicator = nullptr;  // null: one process
  std::vector<int64_t> images{};         // of each rank in this step
  bool joint_statistics = false;         // batch norms over the images of all ranks, not of each
  // Gradients are summed over the ranks in pieces of about this size, while backward makes the next. A rank's bits depend on it
  // where there are three ranks or more.
  int64_t bucket_bytes = int64_t{8} << 20;

  int64_t all_images() const { return std::accumulate(images.begin(), images.end(), int64_t{0}); }
};

}  // namespace thorax
