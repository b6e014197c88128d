#include "kernels/onednn/primitive.h"

#include "tensor/error.h"

namespace thorax {

namespace {
thread_local int library_depth = 0;
}

bool inside_library() {
  return library_depth > 0;
}

namespace onednn {

LibraryCall::LibraryCall() {
  ++library_depth;
}
LibraryCall::~LibraryCall() {
  --library_depth;
}

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
  const Shape f = shape.filter();
  plain_filter_ = dnnl::memory::desc({f[0], f[1], f[2], f[3]}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::oihw);
  arguments_.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
  count_ = static_cast<int>(arguments_.size());
  for (int caller = 0; caller < callers; ++caller) {
    Context context{dnnl::stream(engine()), {}, {}};
    for (const Argument& a : arguments_) context.memories.emplace_back(a.desc, engine(), nullptr);
    for (size_t i = 0; i < arguments_.size(); ++i) context.arguments[i] = {arguments_[i].index, context.memories[i].get()};
    contexts_.push_back(std::move(context));
  }
  const dnnl::memory::desc& packed = arguments_[filter_].desc;
  to_packed_ = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), plain_filter_, engine(), packed));
  if (packed.data.data_type == dnnl_f32) {
    dnnl::primitive_attr sum;
    dnnl::post_ops add;
    add.append_sum(1.0F);
    sum.set_post_ops(add);
    to_plain_ = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), packed, engine(), plain_filter_));
    add_to_plain_ = dnnl::reorder(dnnl::reorder::primitive_desc(engine(), packed, engine(), plain_filter_, sum));
  }
}

Primitive::~Primitive() = default;

void Primitive::execute(int caller, const std::array<const void*, max_arguments>& addresses) const {
  const LibraryCall mark;
  Context& context = contexts_[static_cast<size_t>(caller)];
  for (int i = 0; i < count_; ++i) {
    const auto n = static_cast<size_t>(i);
    dnnl_memory_set_data_handle_v2(context.arguments[n].memory, const_cast<void*>(addresses[n]), context.stream.get());
  }
  const dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), context.stream.get(), count_, context.arguments.data());
  if (status != dnnl_success)
    throw Error(Fault::defect, str("conv2d: oneDNN's execution failed with status ", static_cast<int>(status)));
}

void Primitive::reorder(bool to_packed, const void* from, void* to) const {
  const LibraryCall mark;
  const dnnl::memory::desc& packed = arguments_[filter_].desc;
  dnnl::memory source(to_packed ? plain_filter_ : packed, engine(), const_cast<void*>(from));
  dnnl::memory target(to_packed ? packed : plain_filter_, engine(), to);
  const dnnl::reorder& primitive = to_packed ? to_packed_ : to_plain_;
  primitive.execute(contexts_[0].stream, source, target);
}

void Primitive::filter_to_plain(const void* packed, float* plain, bool accumulate) const {
  if (!accumulate) return reorder(false, packed, plain);
  const LibraryCall mark;
  dnnl::memory source(arguments_[filter_].desc, engine(), const_cast<void*>(packed));
  dnnl::memory target(plain_filter_, engine(), plain);
  add_to_plain_.execute(contexts_[0].stream, source, target);
}

}  // namespace onednn
}  // namespace thorax
