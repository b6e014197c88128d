#include "layers/joint_statistics.h"

#include <utility>

#include "kernels/copy.h"
#include "kernels/merge_groups.h"
#include "kernels/zero.h"
#include "tensor/communicator.h"

namespace thorax {

namespace {

Tensor row(float* at, int64_t channels) {
  return {at, {channels}, DType::f32, Layout::plain};
}
// Both rows of [2, C], these channels of them, side by side in [2, channels]; or back.
void gather_rows(const Stream& stream, const Tensor& rows, int64_t channel, int64_t channels, float* to) {
  for (int64_t r = 0; r < 2; ++r)
    copy_bytes(stream, row(rows.as<float>() + r * rows.shape[1] + channel, channels), row(to + r * channels, channels));
}
void scatter_rows(const Stream& stream, float* from, const Tensor& rows, int64_t channel, int64_t channels) {
  for (int64_t r = 0; r < 2; ++r)
    copy_bytes(stream, row(from + r * channels, channels), row(rows.as<float>() + r * rows.shape[1] + channel, channels));
}

}  // namespace

int64_t statistics_images(const Emitter& emit, int64_t own) {
  return emit.replicas().joint_statistics ? emit.replicas().all_images() : own;
}

void emit_with_statistics(Emitter& emit, std::string name, std::vector<Slot> reads, std::vector<Slot> writes,
                          std::function<void(const Run&)> body) {
  if (emit.replicas().joint_statistics)
    emit.joint_step(std::move(name), std::move(reads), std::move(writes), 0, std::move(body));
  else
    emit.step(std::move(name), std::move(reads), std::move(writes), 0, std::move(body));
}

void emit_joint_statistics(Emitter& emit, const std::string& name, Slot statistics, int64_t channel, int64_t channels,
                           int64_t pixels) {
  const Replicas& replicas = emit.replicas();
  if (!replicas.joint_statistics || !statistics) return;
  const auto ranks = static_cast<int64_t>(replicas.images.size());
  std::vector<int64_t> counts(replicas.images);
  for (int64_t& count : counts) count *= pixels;
  const Slot own = emit.slot(name + ".own", {2, channels}, DType::f32);
  const Slot all = emit.slot(name + ".all", {ranks, 2, channels}, DType::f32);
  emit.joint_step(name, {statistics}, {statistics, own, all}, 0,
                  [communicator = replicas.communicator, counts, statistics, own, all, channel, channels](const Run& run) {
                    const Tensor s = run[statistics];
                    const Tensor mine = run[own];
                    gather_rows(run.stream, s, channel, channels, mine.as<float>());
                    communicator->all_gather(run.stream, mine, run[all]);
                    auto* mean = s.as<float>() + channel;
                    merge_groups(run.stream, run[all].as<float>(), counts, channels, mean, mean + s.shape[1]);
                  });
}

void emit_joint_sums(Emitter& emit, const std::string& name, Slot sums, int64_t channel, int64_t channels) {
  const Replicas& replicas = emit.replicas();
  if (!replicas.joint_statistics) return;
  const Slot own = emit.slot(name + ".own", {2, channels}, DType::f32);
  emit.joint_step(name, {sums}, {sums, own}, 0,
                  [communicator = replicas.communicator, sums, own, channel, channels](const Run& run) {
                    const Tensor mine = run[own];
                    if (run.idle)
                      set_zero(run.stream, mine);
                    else
                      gather_rows(run.stream, run[sums], channel, channels, mine.as<float>());
                    communicator->all_reduce(run.stream, mine);
                    scatter_rows(run.stream, mine.as<float>(), run[sums], channel, channels);
                  });
}

}  // namespace thorax
