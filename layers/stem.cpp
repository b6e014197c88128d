#include "layers/stem.h"

#include <optional>

#include "kernels/fold.h"
#include "layers/conv_step.h"
#include "layers/describe.h"
#include "layers/parameters.h"

namespace thorax {

namespace {

constexpr int64_t kernel = 7;

class Stem final : public Op {
 public:
  Stem(std::string name, Value x, Value filter) : Op(std::move(name), {x, filter}), x_(x), filter_(filter) {}

  void forward(Emitter& emit) override {
    const ValueInfo& x = emit.graph().info(x_);
    const ValueInfo& y = emit.graph().info(outputs()[0]);
    shape_ = {x.shape[0], x.shape[1], x.shape[2], x.shape[3], y.shape[1], kernel, 2, 3, x.dtype, true};
    threads_ = emit.stream().threads;
    const bool grey = x.shape[1] == 1;
    const auto conv = std::make_shared<ConvForward>(shape_, Conv2dChoice{false, threads_, 1}, emit.stream());
    const Slot packed = emit.slot(name() + ".packed", {static_cast<int64_t>(conv->packed_bytes())}, DType::u8);
    const Slot workspace = emit.slot(name() + ".workspace", {static_cast<int64_t>(conv->workspace_bytes())}, DType::u8);
    const Slot folded = grey ? emit.slot(name() + ".folded", shape_.filter(), DType::f32) : Slot{};
    const Slot filter = emit.of(filter_);
    emit.pack(name() + ".pack", {filter}, {packed, folded}, [conv, filter, packed, folded](const Run& run) {
      const Tensor f = run[folded];
      if (f) fold_filter(run.stream, run[filter], f);
      conv->pack(run.stream, f ? f.as<float>() : run[filter].as<float>(), run[packed].data);
    });
    operand_ = emit_operand(emit, x);
    const Slot from = operand_;
    const Slot to = emit.of(outputs()[0]);
    emit.step(name(), {from, packed}, {to, workspace}, shape_.flops(), [conv, from, packed, to, workspace](const Run& run) {
      conv->run(run.stream, 0, run[from].data, run[packed].data, run[to].data, run[workspace].data);
    });
  }

  void backward(Emitter& emit) override {
    const Emitter::Target target = emit.target(filter_);
    if (!target) return;
    const bool grey = shape_.in_channels == 1;
    const bool replicate = grey && !ConvBackwardFilter::exists(shape_, emit.stream());
    Conv2dShape shape = shape_;
    if (replicate) shape.in_channels = 3;
    const auto conv = std::make_shared<ConvBackwardFilter>(shape, Conv2dChoice{false, threads_, 1}, emit.stream());
    const Slot workspace = emit.slot(name() + ".filter_workspace", {static_cast<int64_t>(conv->workspace_bytes())}, DType::u8);
    const Slot packed = emit.slot(name() + ".filter_packed", {static_cast<int64_t>(conv->packed_bytes())}, DType::u8);
    const Slot folded = grey && !replicate ? emit.slot(name() + ".folded_gradient", shape.filter(), DType::f32) : Slot{};
    const Slot copies =
        replicate ? emit.slot(name() + ".replicated", {shape.images, 3, shape.height, shape.width}, shape.dtype) : Slot{};
    const Slot x = operand_;
    const Slot dy = emit.gradient(outputs()[0]);
    emit.step(name() + ".backward", {x, dy, target.accumulate ? target.slot : Slot{}},
              {target.slot, workspace, packed, folded, copies}, shape_.flops(),
              [conv, target, workspace, packed, folded, copies, x, dy](const Run& run) {
                Tensor from = run[x];
                if (const Tensor c = run[copies]) {
                  replicate_plane(from, c);
                  from = c;
                }
                conv->run(run.stream, 0, from.data, run[dy].data, run[packed].data, run[workspace].data);
                const Tensor gradient = run[target.slot];
                const Tensor f = run[folded];
                conv->unpack(run.stream, run[packed].data, f ? f.as<float>() : gradient.as<float>(), !f && target.accumulate);
                if (f) unfold_filter_gradient(run.stream, f, gradient, target.accumulate);
              });
  }

  void describe(Description& d) const override {
    std::string filter;
    if (d.info(x_).shape[1] == 1) {
      const Tensor whole = d.parameter(filter_);
      const Shape shape{whole.shape[0], 1, kernel, kernel};
      std::vector<float> sums(static_cast<size_t>(shape.count()));
      fold_filter(Stream{}, whole, {sums.data(), shape, DType::f32, Layout::plain});
      filter = d.constant(name() + ".folded", shape, std::move(sums));
    } else {
      filter = d.of(filter_);
    }
    d.set(outputs()[0], describe_conv(d, name(), d.of(x_), filter, kernel, 2, 3));
  }

 private:
  // What the convolution reads: x as it is, on a GPU in its layout (which for a grey plane is the same).
  Slot emit_operand(Emitter& emit, const ValueInfo& x) const {
    const Slot from = emit.of(x_);
    if (emit.stream().device == Device::cpu || x.shape[1] == 1) return from;
    const Slot pixels = emit.slot(name() + ".pixels", x.shape, x.dtype, Layout::nhwc);
    emit.step(name() + ".pixels", {from}, {pixels}, 0,
              [from, pixels](const Run& run) { interleave_planes(run.stream, run[from], run[pixels]); });
    return pixels;
  }

  Value x_, filter_;
  Conv2dShape shape_;
  int threads_ = 1;
  Slot operand_;
};

}  // namespace

Value stem(Graph& g, const std::string& name, Value x, int64_t out_channels, Fan fan) {
  const ValueInfo in = g.info(x);
  if (in.layout != Layout::plain || (in.shape[1] != 1 && in.shape[1] != 3)) {
    throw Error(Fault::defect, str(name, ": x is ", in.shape, ", plain [N,1,H,W] or [N,3,H,W] is expected"));
  }
  const Value filter = conv_filter(g, name, out_channels, 3, kernel, fan);
  auto& op = g.add<Stem>(name, x, filter);
  const Shape shape{in.shape[0], out_channels, (in.shape[2] - 1) / 2 + 1, (in.shape[3] - 1) / 2 + 1};
  return g.output_of(op, name + ".out", shape, in.dtype, g.layout());
}

}  // namespace thorax
