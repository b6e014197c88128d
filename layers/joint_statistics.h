// Batch norms over the images of all ranks: what the ranks tell each other, forward and backward. Without Replicas'
// joint_statistics these functions emit nothing, and a batch norm is over the images of its own rank.
#pragma once

#include <string>

#include "tensor/planner.h"

namespace thorax {

// The images that a batch norm's statistics are of. own: this rank's.
int64_t statistics_images(const Emitter& emit, int64_t own);

// A step that writes, or is done by all ranks where the statistics are those of all.
void emit_with_statistics(Emitter& emit, std::string name, std::vector<Slot> reads, std::vector<Slot> writes,
                          std::function<void(const Run&)> body);

// statistics: [2, C], in which a step has just written mean and variance of these channels over this rank's images, each of
// `pixels` pixels; they become those of all ranks' images. Null: evaluation mode, nothing to do.
void emit_joint_statistics(Emitter& emit, const std::string& name, Slot statistics, int64_t channel, int64_t channels,
                           int64_t pixels);

// sums: [2, C], of which these channels become the sums over the ranks. Only what depends on the batch's statistics.
void emit_joint_sums(Emitter& emit, const std::string& name, Slot sums, int64_t channel, int64_t channels);

}  // namespace thorax
