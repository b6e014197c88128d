// Convolutions on a GPU: a plan of cuDNN's, and the filter's way into its layout and back.
#include <algorithm>

#include "kernels/conv2d_kernel.h"
#include "kernels/cuda/cudnn.h"
#include "kernels/cuda/filter.h"
#include "kernels/planning.h"
#include "tensor/buffer.h"
#include "tensor/queue.h"

namespace thorax::cuda {

namespace {

constexpr size_t most_timed_plans = 8;

// The smallest of some runs on memory of their own; the first makes what libraries make then.
double seconds_of(Queue& queue, const ConvPlan& plan, const Conv2dShape& s) {
  const size_t item = size_of(s.dtype);
  const auto bytes = [&](int64_t images, const Shape& image) { return static_cast<size_t>(images * image.count()) * item; };
  const Buffer x(bytes(s.images, {s.in_channels, s.height, s.width}), Place::gpu), filter(bytes(1, s.filter()), Place::gpu),
      y(bytes(s.images, {s.out_channels, s.out_height(), s.out_width()}), Place::gpu),
      workspace(std::max<size_t>(1, plan.workspace_bytes()), Place::gpu);
  constexpr int small_numbers = 0x1c;  // 0x1c1c is small in every type
  for (const Buffer* b : {&x, &filter, &y}) queue.fill(b->data(), small_numbers, b->bytes());
  const auto run = [&] { plan.run(plan.in_order(x.data(), filter.data(), y.data(), workspace.data())); };
  run();
  double best = queue.seconds(run);
  for (int i = 0; i < 4; ++i) best = std::min(best, queue.seconds(run));
  return best;
}

std::string problem_of(ConvPass pass, const Conv2dShape& s, const ConvRules& rules) {
  return str(name_of(pass), ' ', s.dtype, ' ', s.images, 'x', s.in_channels, 'x', s.height, 'x', s.width, " -> ", s.out_channels,
             ' ', s.kernel, 'x', s.kernel, " stride ", s.stride, " pad ", s.pad, rules.tensor_float ? " tf32" : "",
             rules.any_order ? " any order" : "");
}

// The plan that was chosen for the problem, or is now.
std::unique_ptr<ConvPlan> chosen_plan(Queue& queue, ConvPass pass, const Conv2dShape& shape) {
  Planning& planning = queue.library<Planning>();
  const auto device = cudnn_device(queue);
  const ConvRules rules{planning.tensor_float, planning.any_order};
  const std::string problem = problem_of(pass, shape, rules);
  const PlanChoices::Choice* const known = planning.choices.find(problem);
  if (known == nullptr && !planning.timed) return std::make_unique<ConvPlan>(device, pass, shape, rules);
  const std::vector<std::string> names = ConvPlan::names(device, pass, shape, rules, most_timed_plans);
  if (known != nullptr && std::find(names.begin(), names.end(), known->plan) != names.end())
    return std::make_unique<ConvPlan>(device, pass, shape, rules, known->plan);
  std::unique_ptr<ConvPlan> best;
  double least = 0;
  for (const std::string& name : names) {
    auto plan = std::make_unique<ConvPlan>(device, pass, shape, rules, name);
    const double seconds = seconds_of(queue, *plan, shape);
    if (best != nullptr && seconds >= least) continue;
    best = std::move(plan);
    least = seconds;
  }
  if (best == nullptr) return std::make_unique<ConvPlan>(device, pass, shape, rules);  // says that there is none
  planning.choices.add(problem, {best->name(), least});
  return best;
}

class Convolution final : public Conv2dKernel {
 public:
  Convolution(ConvPass pass, const Conv2dShape& shape, const Stream& stream)
      : shape_(shape), plan_(chosen_plan(*stream.queue, pass, shape)) {}

  size_t filter_bytes() const override { return static_cast<size_t>(shape_.filter().count()) * size_of(shape_.dtype); }
  size_t workspace_bytes() const override { return plan_->workspace_bytes(); }
  void execute(const Stream&, int, const Addresses& addresses) const override { plan_->run(addresses); }
  void filter_from_plain(const Stream& stream, const float* plain, void* packed) const override {
    pack_filter(stream, shape_, plain, packed);
  }
  void filter_to_plain(const Stream& stream, const void* packed, float* plain, bool accumulate) const override {
    unpack_filter(stream, shape_, packed, plain, accumulate);
  }

 private:
  Conv2dShape shape_;
  std::unique_ptr<const ConvPlan> plan_;
};

}  // namespace

std::shared_ptr<const Conv2dKernel> make_conv2d(ConvPass pass, const Conv2dShape& shape, const Stream& stream) {
  return std::make_shared<Convolution>(pass, shape, stream);
}

}  // namespace thorax::cuda
