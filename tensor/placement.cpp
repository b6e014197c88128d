#include "tensor/placement.h"

#include <algorithm>
#include <numeric>

namespace thorax {

namespace {

constexpr size_t alignment = 64;
size_t aligned(size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

bool overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

// Places the slots in the order given, each at the lowest offset that is free for all of its life.
Placement place_in_order(const std::vector<Lifetime>& slots, const std::vector<size_t>& order) {
  Placement result{std::vector<size_t>(slots.size()), 0};
  std::vector<size_t> by_offset;  // placed slots, ascending offset
  by_offset.reserve(slots.size());
  for (size_t i : order) {
    size_t offset = 0;
    for (size_t j : by_offset) {
      if (!overlap(slots[i], slots[j])) continue;
      if (result.offsets[j] >= offset + slots[i].bytes) break;
      offset = std::max(offset, aligned(result.offsets[j] + slots[j].bytes));
    }
    result.offsets[i] = offset;
    result.bytes = std::max(result.bytes, aligned(offset + slots[i].bytes));
    const auto where = std::upper_bound(by_offset.begin(), by_offset.end(), offset,
                                        [&](size_t value, size_t j) { return value < result.offsets[j]; });
    by_offset.insert(where, i);
  }
  return result;
}

// Moves the slots that touch the top of the arena to the front of the order, in their present order.
void promote_top(const std::vector<Lifetime>& slots, const Placement& placement, std::vector<size_t>& order) {
  std::stable_partition(order.begin(), order.end(),
                        [&](size_t i) { return aligned(placement.offsets[i] + slots[i].bytes) == placement.bytes; });
}

}  // namespace

size_t live_peak(const std::vector<Lifetime>& slots) {
  int steps = 0;
  for (const Lifetime& s : slots) steps = std::max(steps, s.last + 2);
  std::vector<int64_t> change(static_cast<size_t>(steps), 0);
  for (const Lifetime& s : slots) {
    change[static_cast<size_t>(s.first)] += static_cast<int64_t>(aligned(s.bytes));
    change[static_cast<size_t>(s.last) + 1] -= static_cast<int64_t>(aligned(s.bytes));
  }
  int64_t now = 0;
  int64_t peak = 0;
  for (int64_t c : change) peak = std::max(peak, now += c);
  return static_cast<size_t>(peak);
}

Placement place(const std::vector<Lifetime>& slots) {
  const size_t bound = live_peak(slots);
  const auto length = [&](size_t i) { return static_cast<size_t>(slots[i].last - slots[i].first + 1); };
  std::vector<size_t> index(slots.size());
  std::iota(index.begin(), index.end(), size_t{0});

  std::vector<std::vector<size_t>> orders(4, index);
  std::stable_sort(orders[0].begin(), orders[0].end(), [&](size_t a, size_t b) { return slots[a].bytes > slots[b].bytes; });
  std::stable_sort(orders[1].begin(), orders[1].end(),
                   [&](size_t a, size_t b) { return slots[a].bytes * length(a) > slots[b].bytes * length(b); });
  std::stable_sort(orders[2].begin(), orders[2].end(), [&](size_t a, size_t b) { return length(a) > length(b); });
  std::stable_sort(orders[3].begin(), orders[3].end(), [&](size_t a, size_t b) { return slots[a].first < slots[b].first; });

  Placement best;
  constexpr int rounds = 40;
  for (auto& order : orders) {
    for (int round = 0; round < rounds; ++round) {
      Placement found = place_in_order(slots, order);
      promote_top(slots, found, order);
      if (best.offsets.empty() || found.bytes < best.bytes) best = std::move(found);
      if (best.bytes <= bound + bound / 100) return best;
    }
  }
  return best;
}

}  // namespace thorax
