#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/placement.h"
#include "tensor/rng.h"

using namespace thorax;

namespace {

void check_no_overlap(const std::vector<Lifetime>& slots, const Placement& p) {
  for (size_t i = 0; i < slots.size(); ++i) {
    CHECK(p.offsets[i] % 64 == 0);
    CHECK(p.offsets[i] + slots[i].bytes <= p.bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool together = slots[i].first <= slots[j].last && slots[j].first <= slots[i].last;
      const bool apart = p.offsets[i] + slots[i].bytes <= p.offsets[j] || p.offsets[j] + slots[j].bytes <= p.offsets[i];
      if (together && !apart) FAIL("slots ", i, " and ", j, " overlap");
    }
  }
}

// Lifetimes as a random training graph has them: made in the forward pass, read by a few later steps, some by the backward pass.
std::vector<Lifetime> random_graph(uint64_t seed) {
  const Rng rng(seed, 0);
  const auto ops = 10 + static_cast<int>(rng.below(0, 90));
  std::vector<Lifetime> slots;
  for (int i = 0; i < ops; ++i) {
    const auto at = static_cast<uint64_t>(8 * i);
    const size_t bytes = 64 * (1 + (size_t{1} << rng.below(at + 1, 14)) + rng.below(at + 2, 999));
    const int last =
        rng.below(at + 3, 2) == 0 ? 2 * ops - 1 - i : std::min(ops - 1, i + 1 + static_cast<int>(rng.below(at + 4, 4)));
    slots.push_back({bytes, i, last});
    slots.push_back({bytes, 2 * ops - 2 - i, 2 * ops - 1 - i});              // its gradient
    if (rng.below(at + 5, 3) == 0) slots.push_back({bytes / 2 + 64, i, i});  // a workspace
  }
  return slots;
}

}  // namespace

TEST_CASE("the live peak is the largest sum of bytes alive at once") {
  CHECK(live_peak({{64, 0, 1}, {128, 1, 2}, {64, 2, 3}}) == 192);
  CHECK(live_peak({}) == 0);
}

TEST_CASE("placement of 200 random graphs: nothing overlaps, arena within 5% of the live peak in the median, 25% at worst") {
  std::vector<double> excess;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto slots = random_graph(seed);
    const Placement p = place(slots);
    check_no_overlap(slots, p);
    excess.push_back(static_cast<double>(p.bytes) / static_cast<double>(live_peak(slots)) - 1.0);
  }
  std::sort(excess.begin(), excess.end());
  MESSAGE("excess over the live peak: median ", excess[100], ", worst ", excess.back());
  CHECK(excess[100] <= 0.05);
  CHECK(excess.back() <= 0.25);
}

TEST_CASE("placement is deterministic") {
  const auto slots = random_graph(7);
  CHECK(place(slots).offsets == place(slots).offsets);
}
