// What a step needs to apply one batch norm: its values' memory, and which statistics it uses.
#pragma once

#include "kernels/batch_norm.h"
#include "kernels/statistics.h"
#include "layers/joint_statistics.h"
#include "layers/parameters.h"
#include "tensor/planner.h"

namespace thorax {

struct BatchNormSlots {
  Slot gamma, beta, running_mean, running_var, num_batches_tracked;

  BatchNormSlots() = default;
  BatchNormSlots(Emitter& emit, const BatchNormValues& v)
      : gamma(emit.of(v.gamma)),
        beta(emit.of(v.beta)),
        running_mean(emit.of(v.running_mean)),
        running_var(emit.of(v.running_var)),
        num_batches_tracked(emit.of(v.num_batches_tracked)) {}

  // Read by every step that normalises; statistics is null in evaluation mode, where the running values are used.
  std::vector<Slot> reads(Slot statistics) const {
    return statistics ? std::vector<Slot>{gamma, beta, statistics} : std::vector<Slot>{gamma, beta, running_mean, running_var};
  }

  // statistics: [2, C] mean and variance, of which the first channels are this batch norm's.
  BatchNorm view(const Run& run, Slot statistics) const {
    const Tensor s = run[statistics];
    const float* mean = s ? s.as<float>() : run[running_mean].as<float>();
    const float* variance = s ? s.as<float>() + s.shape[1] : run[running_var].as<float>();
    return {mean, variance, run[gamma].as<float>(), run[beta].as<float>(), batch_norm_eps};
  }

  // The step that moves the running values towards the batch's: this rank's images, of so many pixels each.
  void emit_running_update(Emitter& emit, const std::string& name, Slot statistics, int64_t images, int64_t pixels) const {
    const int64_t count = statistics_images(emit, images) * pixels;
    const std::vector<Slot> writes{running_mean, running_var, num_batches_tracked};
    std::vector<Slot> reads = writes;
    reads.push_back(statistics);
    emit_with_statistics(emit, name + ".running", reads, writes, [self = *this, statistics, count](const Run& run) {
      const Tensor s = run[statistics];
      const Tensor mean = run[self.running_mean];
      update_running(run.stream, s.as<float>(), s.as<float>() + s.shape[1], mean.count(), count, batch_norm_momentum,
                     mean.as<float>(), run[self.running_var].as<float>(), run[self.num_batches_tracked].as<int64_t>());
    });
  }
};

// The gradients of a batch norm's gamma and beta, and the sums that its input's gradient needs.
struct BatchNormGradients {
  Emitter::Target gamma, beta;

  BatchNormGradients() = default;
  BatchNormGradients(Emitter& emit, const BatchNormValues& v) : gamma(emit.target(v.gamma)), beta(emit.target(v.beta)) {}

  // sums: [parts,2,C] of batch_norm_relu_backward_sums; totals: [2,C], sum dz and sum dz*xhat.
  void finish(const Run& run, const Tensor& sums, float* totals) const {
    const int64_t channels = sums.shape[2];
    finish_sums(run.stream, sums.as<float>(), sums.shape[0], channels, gamma ? run[gamma.slot].as<float>() : nullptr,
                beta ? run[beta.slot].as<float>() : nullptr, gamma.accumulate, totals, totals + channels);
  }
};

template <class... Lists>
std::vector<Slot> joined(const Lists&... lists) {
  std::vector<Slot> all;
  (all.insert(all.end(), lists.begin(), lists.end()), ...);
  return all;
}

}  // namespace thorax
