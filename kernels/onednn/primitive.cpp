#include "kernels/onednn/primitive.h"

#include "tensor/error.h"

namespace thorax::onednn {

namespace {

// The C interface: the C++ one makes a map of arguments at every execution.
void set_address(const dnnl::memory& memory, const void* address, const dnnl::stream& stream) {
  dnnl_memory_set_data_handle_v2(memory.get(), const_cast<void*>(address), stream.get());
}

void run_primitive(int threads, const dnnl::primitive& primitive, const dnnl::stream& stream, int count,
                   const dnnl_exec_arg_t* arguments) {
  const OpenMpThreads limit(threads);
  const dnnl_status_t status = dnnl_primitive_execute(primitive.get(), stream.get(), count, arguments);
  if (status != dnnl_success)
    throw Error(Fault::defect, str("conv2d: oneDNN's execution failed with status ", static_cast<int>(status)));
}

}  // namespace

dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::memory::data_type type_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return dnnl::memory::data_type::f32;
    case DType::bf16: return dnnl::memory::data_type::bf16;
    default: throw Error(Fault::defect, str("conv2d: ", dtype, " is not supported on the CPU, f32 and bf16 are"));
  }
}

Primitive::Primitive(dnnl::primitive primitive, std::vector<Argument> arguments, const dnnl::memory::desc& scratchpad,
                     size_t filter, const Conv2dShape& shape, int callers)
    : primitive_(std::move(primitive)),
      arguments_(std::move(arguments)),
      filter_(filter),
      scratchpad_bytes_(scratchpad.get_size()) {
  arguments_.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
  count_ = static_cast<int>(arguments_.size());
  for (int caller = 0; caller < callers; ++caller) {
    Context context{dnnl::stream(engine()), {}, {}};
    for (const Argument& a : arguments_) context.memories.emplace_back(a.desc, engine(), nullptr);
    for (size_t i = 0; i < arguments_.size(); ++i) context.arguments[i] = {arguments_[i].index, context.memories[i].get()};
    contexts_.push_back(std::move(context));
  }
  const Shape f = shape.filter();
  const dnnl::memory::desc plain({f[0], f[1], f[2], f[3]}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::oihw);
  const dnnl::memory::desc& packed = arguments_[filter_].desc;
  to_packed_ = Reorder(plain, packed, false);
  if (packed.data.data_type == dnnl_f32) {
    to_plain_ = Reorder(packed, plain, false);
    add_to_plain_ = Reorder(packed, plain, true);
  }
}

Primitive::~Primitive() = default;

void Primitive::execute(const Stream& stream, int caller, const Addresses& addresses) const {
  Context& context = contexts_[static_cast<size_t>(caller)];
  for (int i = 0; i < count_; ++i) {
    const auto n = static_cast<size_t>(i);
    set_address(context.memories[n], addresses[n], context.stream);
  }
  run_primitive(stream.threads, primitive_, context.stream, count_, context.arguments.data());
}

Reorder::Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to, bool accumulate)
    : from_(from, engine(), nullptr), to_(to, engine(), nullptr), stream_(engine()) {
  dnnl::primitive_attr attributes;
  if (accumulate) {
    dnnl::post_ops add;
    add.append_sum(1.0F);
    attributes.set_post_ops(add);
  }
  primitive_ = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to, attributes));
}

void Reorder::run(const Stream& stream, const void* from, void* to) const {
  set_address(from_, from, stream_);
  set_address(to_, to, stream_);
  const std::array<dnnl_exec_arg_t, 2> arguments{{{DNNL_ARG_FROM, from_.get()}, {DNNL_ARG_TO, to_.get()}}};
  run_primitive(stream.threads, primitive_, stream_, 2, arguments.data());
}

}  // namespace thorax::onednn
