#include "data/stratify.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "data/streams.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr size_t nowhere = SIZE_MAX;

class Stratifier {
 public:
  Stratifier(const std::vector<std::vector<int64_t>>& counts, const std::vector<double>& fractions, const Rng& rng)
      : counts_(counts),
        fractions_(fractions),
        labels_(counts.empty() ? 0 : counts[0].size()),
        order_(counts.size()),
        totals_(labels_, 0.0),
        part_(counts.size(), nowhere),
        groups_in_(fractions.size(), 0),
        have_(fractions.size(), std::vector<double>(labels_, 0.0)) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    shuffle(order_, rng);
    for (const auto& group : counts_) {
      for (size_t d = 0; d < labels_; ++d) totals_[d] += static_cast<double>(group[d]);
    }
  }

  void run() {
    assign_all();
    fill_empty_parts();
    constexpr int most_passes = 100;
    for (int pass = 0; pass < most_passes && improve(); ++pass) {
    }
  }
  const std::vector<size_t>& parts() const { return part_; }

  double largest_error() const {
    double largest = 0;
    for (size_t p = 0; p < fractions_.size(); ++p) {
      for (size_t d = 0; d < labels_; ++d) {
        if (totals_[d] > 0) largest = std::max(largest, std::abs(lacking(p, d)) / totals_[d]);
      }
    }
    return largest;
  }

 private:
  bool wanted(size_t part) const { return fractions_[part] > 0; }

  void put(size_t group, size_t part) {
    for (size_t d = 0; d < labels_; ++d) {
      const auto n = static_cast<double>(counts_[group][d]);
      if (part_[group] != nowhere) have_[part_[group]][d] -= n;
      have_[part][d] += n;
    }
    if (part_[group] != nowhere) --groups_in_[part_[group]];
    ++groups_in_[part];
    part_[group] = part;
  }

  double lacking(size_t part, size_t d) const { return fractions_[part] * totals_[d] - have_[part][d]; }

  // The part that lacks most of this label; of equals the one that lacks most images.
  size_t neediest(size_t d) const {
    size_t best = nowhere;
    for (size_t p = 0; p < fractions_.size(); ++p) {
      if (!wanted(p)) continue;
      const bool more = best == nowhere || lacking(p, d) > lacking(best, d) ||
                        (lacking(p, d) == lacking(best, d) && lacking(p, 0) > lacking(best, 0));
      if (more) best = p;
    }
    return best;
  }

  // Label after label, the one with the fewest images left first; images without a label come last.
  void assign_all() {
    std::vector<double> left = totals_;
    for (;;) {
      size_t rarest = 0;
      for (size_t d = 1; d < labels_; ++d) {
        if (left[d] > 0 && (rarest == 0 || left[d] < left[rarest])) rarest = d;
      }
      std::vector<size_t> groups;
      for (size_t g : order_) {
        if (part_[g] == nowhere && counts_[g][rarest] > 0) groups.push_back(g);
      }
      // Large groups while there is room for them.
      std::stable_sort(groups.begin(), groups.end(), [&](size_t a, size_t b) { return counts_[a][rarest] > counts_[b][rarest]; });
      for (size_t g : groups) {
        put(g, neediest(rarest));
        for (size_t d = 0; d < labels_; ++d) left[d] -= static_cast<double>(counts_[g][d]);
      }
      if (rarest == 0) return;
    }
  }

  // How much the sum over the labels changes for one part when its counts change by sign * the group's.
  double change(size_t group, size_t part, double sign) const {
    double sum = 0;
    for (size_t d = 0; d < labels_; ++d) {
      const auto n = static_cast<double>(counts_[group][d]);
      if (n == 0) continue;
      const double before = -lacking(part, d) / totals_[d];
      const double after = before + sign * n / totals_[d];
      sum += after * after * after * after - before * before * before * before;
    }
    return sum;
  }

  double change_of_move(size_t group, size_t to) const { return change(group, part_[group], -1) + change(group, to, 1); }

  void fill_empty_parts() {
    for (size_t p = 0; p < fractions_.size(); ++p) {
      if (!wanted(p) || groups_in_[p] > 0) continue;
      size_t best = nowhere;
      for (size_t g : order_) {
        if (groups_in_[part_[g]] > 1 && (best == nowhere || change_of_move(g, p) < change_of_move(best, p))) best = g;
      }
      put(best, p);
    }
  }

  bool improve() {
    constexpr double least = 1e-14;  // above rounding, so that no two moves undo each other for ever
    bool moved = false;
    for (size_t g : order_) {
      if (groups_in_[part_[g]] == 1) continue;
      size_t best = nowhere;
      double lowest = -least;
      for (size_t p = 0; p < fractions_.size(); ++p) {
        if (p == part_[g] || !wanted(p)) continue;
        const double by = change_of_move(g, p);
        if (by < lowest) lowest = by, best = p;
      }
      if (best == nowhere) continue;
      put(g, best);
      moved = true;
    }
    return moved;
  }

  const std::vector<std::vector<int64_t>>& counts_;
  const std::vector<double>& fractions_;
  const size_t labels_;
  std::vector<size_t> order_;
  std::vector<double> totals_;
  std::vector<size_t> part_;
  std::vector<size_t> groups_in_;
  std::vector<std::vector<double>> have_;  // [part][label]
};

}  // namespace

std::vector<size_t> stratify(const std::vector<std::vector<int64_t>>& counts, const std::vector<double>& fractions,
                             uint64_t seed) {
  const auto parts = std::count_if(fractions.begin(), fractions.end(), [](double f) { return f > 0; });
  if (std::ssize(counts) < parts) {
    constexpr std::array<const char*, 4> names{"no", "one", "two", "three"};
    throw Error(Fault::input, str("a split needs ", parts < 4 ? names[static_cast<size_t>(parts)] : "more",
                                  " patients at least, there are ", counts.size()));
  }
  // Where patients are many, one order is as good as another.
  const size_t attempts = std::clamp<size_t>(200000 / counts.size(), 2, 20);
  std::vector<size_t> best;
  double smallest = 0;
  for (size_t attempt = 0; attempt < attempts; ++attempt) {
    Stratifier stratifier(counts, fractions, Rng(seed, stream(Purpose::split, attempt)));
    stratifier.run();
    const double error = stratifier.largest_error();
    if (!best.empty() && error >= smallest) continue;
    best = stratifier.parts();
    smallest = error;
  }
  return best;
}

}  // namespace thorax::data
