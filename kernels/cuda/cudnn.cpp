#include "kernels/cuda/cudnn.h"

#include <algorithm>

#include "kernels/cuda/cudnn_descriptor.h"
#include "tensor/queue.h"

namespace thorax::cuda {

namespace {

class Device final : public CudnnDevice {
 public:
  explicit Device(Queue& queue) : properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR) {
    check_cudnn(cudnnCreate(&handle), "cudnnCreate");
    check_cudnn(cudnnSetStream(handle, queue.handle()), "cudnnSetStream");
    properties.set(CUDNN_ATTR_DEVICEPROP_HANDLE, handle).finalize("the GPU's properties");
  }
  explicit Device(const std::string& json) : properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR) {
    properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span<const char>(json.data(), json.size()))
        .finalize("the description of a GPU");
  }
  ~Device() override {
    if (handle != nullptr) cudnnDestroy(handle);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  cudnnHandle_t handle = nullptr;
  Descriptor properties;
};

// As a library of the queue.
struct DeviceOfQueue {
  explicit DeviceOfQueue(Queue& queue) : device(std::make_shared<Device>(queue)) {}
  std::shared_ptr<const Device> device;
};

cudnnDataType_t type_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return CUDNN_DATA_FLOAT;
    case DType::bf16: return CUDNN_DATA_BFLOAT16;
    case DType::f16: return CUDNN_DATA_HALF;
    default: throw Error(Fault::defect, str("conv2d: ", dtype, " is not supported on a GPU, f32, bf16 and f16 are"));
  }
}

enum TensorId : int64_t { id_x = 1, id_filter = 2, id_y = 3 };

// [n,c,h,w] packed as NHWC; a filter is the same with its outputs for n.
Descriptor tensor(TensorId id, DType dtype, int64_t n, int64_t c, int64_t h, int64_t w) {
  Descriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  const std::array<int64_t, 4> sizes{n, c, h, w};
  const std::array<int64_t, 4> strides{h * w * c, 1, w * c, c};
  d.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, static_cast<int64_t>(id))
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, type_of(dtype))
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, int64_t{16})
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const int64_t>(sizes))
      .set(CUDNN_ATTR_TENSOR_STRIDES, std::span<const int64_t>(strides));
  d.finalize("a tensor");
  return d;
}

Descriptor convolution(const Conv2dShape& s) {
  Descriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  const std::array<int64_t, 2> strides{s.stride, s.stride}, pads{s.pad, s.pad}, dilations{1, 1};
  d.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
      .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2})
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, std::span<const int64_t>(pads))
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, std::span<const int64_t>(pads))
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, std::span<const int64_t>(dilations))
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, std::span<const int64_t>(strides));
  d.finalize("a convolution");
  return d;
}

// The attributes of one pass's operation: of x or dx, filter or its gradient, y or dy.
struct PassNames {
  cudnnBackendDescriptorType_t operation;
  cudnnBackendAttributeName_t x, filter, y, convolution, alpha, beta;
};

PassNames names_of(ConvPass pass) {
  switch (pass) {
    case ConvPass::forward:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
    case ConvPass::backward_data:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
    case ConvPass::backward_filter:
      return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
              CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  }
  throw Error(Fault::defect, "conv2d: no such pass");
}

Descriptor graph_of(ConvPass pass, const Conv2dShape& s) {
  const PassNames names = names_of(pass);
  const Descriptor x = tensor(id_x, s.dtype, s.images, s.in_channels, s.height, s.width);
  const Descriptor filter = tensor(id_filter, s.dtype, s.out_channels, s.in_channels, s.kernel, s.kernel);
  const Descriptor y = tensor(id_y, s.dtype, s.images, s.out_channels, s.out_height(), s.out_width());
  const Descriptor conv = convolution(s);
  Descriptor operation(names.operation);
  operation.set(names.x, x).set(names.filter, filter).set(names.y, y).set(names.convolution, conv);
  operation.set(names.alpha, 1.0F).set(names.beta, 0.0F).finalize("an operation");
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation).finalize("an operation graph");
  return graph;
}

// cuDNN's suggestions for the graph, best first.
std::vector<Descriptor> suggestions(const Device& device, const Descriptor& graph, cudnnBackendHeurMode_t mode) {
  Descriptor heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph).set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device.properties);
  std::vector<Descriptor> configs;
  if (!heuristic.try_finalize()) return configs;
  constexpr int most = 64;
  for (int i = 0; i < most; ++i) configs.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  const size_t found = heuristic.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, configs);
  while (configs.size() > found) configs.pop_back();
  return configs;
}

struct Notes {
  bool deterministic = true;
  bool tensor_cores = false;
  bool less_precise = false;  // inputs or sums of fewer bits than asked for
};

// The engine of a configuration.
Descriptor engine_of(const Descriptor& config) {
  std::vector<Descriptor> engines;
  engines.emplace_back(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  if (config.get(CUDNN_ATTR_ENGINECFG_ENGINE, engines) != 1) throw Error(Fault::defect, "cuDNN: a configuration without engine");
  return std::move(engines[0]);
}

Notes notes_of(const Descriptor& engine) {
  Notes n;
  for (cudnnBackendNumericalNote_t note :
       engine.get<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT)) {
    if (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) n.deterministic = false;
    if (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE) n.tensor_cores = true;
    if (note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS || note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)
      n.less_precise = true;
  }
  return n;
}

std::string plan_name(const Descriptor& config, const Descriptor& engine) {
  std::string name;
  for (int64_t index : engine.get<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, 1)) name = str(index);
  std::vector<Descriptor> knobs;
  for (int i = 0; i < CUDNN_KNOB_TYPE_COUNTS; ++i) knobs.emplace_back(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
  const size_t count = config.get(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
  for (size_t i = 0; i < count; ++i) {
    const auto type = knobs[i].get<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, 1);
    const auto value = knobs[i].get<int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, 1);
    if (!type.empty() && !value.empty()) name += str(' ', static_cast<int>(type[0]), '=', value[0]);
  }
  return name;
}

// What the rules leave of cuDNN's suggestions, best first, until f says that it has what it wants.
template <class F>
void each_allowed(const Device& device, ConvPass pass, const Conv2dShape& shape, const ConvRules& rules, const F& f) {
  const Descriptor graph = graph_of(pass, shape);
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (const Descriptor& config : suggestions(device, graph, mode)) {
      const Descriptor engine = engine_of(config);
      const Notes notes = notes_of(engine);
      if (notes.less_precise || (!notes.deterministic && !rules.any_order)) continue;
      if (shape.dtype == DType::f32 && notes.tensor_cores && !rules.tensor_float) continue;
      if (f(config, plan_name(config, engine), notes)) return;
    }
  }
}

// The places of x, filter and y among a pass's addresses.
std::array<size_t, 3> places_of(ConvPass pass) {
  switch (pass) {
    case ConvPass::forward: return {0, 1, 2};
    case ConvPass::backward_data: return {2, 1, 0};
    case ConvPass::backward_filter: return {0, 2, 1};
  }
  throw Error(Fault::defect, "conv2d: no such pass");
}

}  // namespace

const char* name_of(ConvPass pass) {
  switch (pass) {
    case ConvPass::forward: return "forward";
    case ConvPass::backward_data: return "backward_data";
    case ConvPass::backward_filter: return "backward_filter";
  }
  return "?";
}

std::shared_ptr<const CudnnDevice> cudnn_device(Queue& queue) {
  return queue.library<DeviceOfQueue>().device;
}

std::shared_ptr<const CudnnDevice> cudnn_device(const std::string& json) {
  return std::make_shared<Device>(json);
}

struct ConvPlan::State {
  std::shared_ptr<const Device> device;
  Descriptor plan{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
  std::string name;
  bool tensor_cores = false;
  size_t workspace = 0;
  std::array<size_t, 3> places{};  // of x, filter, y among the addresses
  Descriptor arguments{CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR};
  Conv2dKernel::Addresses bound{};

  // Whether cuDNN can carry out this configuration within the limit.
  bool take(const Descriptor& config, size_t limit) {
    plan = Descriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config).set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device->properties);
    if (!plan.try_finalize()) return false;
    const auto bytes = plan.get<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, 1);
    workspace = bytes.empty() ? 0 : static_cast<size_t>(bytes[0]);
    return workspace <= limit;
  }
};

ConvPlan::ConvPlan(const std::shared_ptr<const CudnnDevice>& device, ConvPass pass, const Conv2dShape& shape,
                   const ConvRules& rules, const std::string& name)
    : state_(std::make_unique<State>()) {
  state_->device = std::static_pointer_cast<const Device>(device);
  state_->places = places_of(pass);
  bool found = false;
  each_allowed(*state_->device, pass, shape, rules,
               [&](const Descriptor& config, const std::string& its_name, const Notes& notes) {
                 found = (name.empty() || name == its_name) && state_->take(config, rules.workspace_limit);
                 if (found) state_->name = its_name, state_->tensor_cores = notes.tensor_cores;
                 return found;
               });
  if (found) return;
  throw Error(Fault::defect, str("conv2d ", name_of(pass), ": cuDNN has no ", name.empty() ? "engine" : "plan " + name,
                                 " that keeps the rules for ", shape.filter(), " on ", shape.images, 'x', shape.height, 'x',
                                 shape.width, ", stride ", shape.stride, ", ", shape.dtype));
}

ConvPlan::~ConvPlan() = default;

std::vector<std::string> ConvPlan::names(const std::shared_ptr<const CudnnDevice>& device, ConvPass pass,
                                         const Conv2dShape& shape, const ConvRules& rules, size_t most) {
  State tried;
  tried.device = std::static_pointer_cast<const Device>(device);
  std::vector<std::string> found;
  each_allowed(*tried.device, pass, shape, rules, [&](const Descriptor& config, const std::string& name, const Notes&) {
    const bool is_new = std::find(found.begin(), found.end(), name) == found.end();
    if (is_new && tried.take(config, rules.workspace_limit)) found.push_back(name);
    return found.size() >= most;
  });
  return found;
}

size_t ConvPlan::workspace_bytes() const {
  return state_->workspace;
}

const std::string& ConvPlan::name() const {
  return state_->name;
}

bool ConvPlan::uses_tensor_cores() const {
  return state_->tensor_cores;
}

Conv2dKernel::Addresses ConvPlan::in_order(const void* x, const void* filter, const void* y, const void* workspace) const {
  Conv2dKernel::Addresses addresses{};
  const std::array<const void*, 3> data{x, filter, y};
  for (size_t i = 0; i < data.size(); ++i) addresses[state_->places[i]] = data[i];
  addresses[3] = workspace;
  return addresses;
}

void ConvPlan::run(const Conv2dKernel::Addresses& addresses) const {
  State& s = *state_;
  if (s.device->handle == nullptr) throw Error(Fault::defect, "conv2d: this plan is for a GPU that is only described");
  if (addresses != s.bound) {  // a program runs at the same addresses every time: made once
    std::array<void*, 3> data{};
    for (size_t i = 0; i < data.size(); ++i) data[i] = const_cast<void*>(addresses[s.places[i]]);
    static constexpr std::array<int64_t, 3> ids{id_x, id_filter, id_y};
    s.arguments = Descriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    s.arguments.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span<void* const>(data))
        .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span<const int64_t>(ids))
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, const_cast<void*>(addresses[3]));
    s.arguments.finalize("the arguments of a convolution");
    s.bound = addresses;
  }
  check_cudnn(cudnnBackendExecute(s.device->handle, s.plan.raw(), s.arguments.raw()), "a convolution");
}

std::string cudnn_version() {
  const size_t v = cudnnGetVersion();
  return str(v / 10000, '.', v / 100 % 100, '.', v % 100);
}

}  // namespace thorax::cuda
