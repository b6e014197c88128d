#include "kernels/cuda/cudnn.h"

#include <cudnn_graph.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "tensor/error.h"
#include "tensor/queue.h"

namespace thorax::cuda {

namespace {

void check(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::array<char, 512> detail{};
  cudnnGetLastErrorString(detail.data(), detail.size());
  throw Error(Fault::defect, str("cuDNN: ", what, ": ", cudnnGetErrorString(status), detail[0] != 0 ? "; " : "", detail.data()));
}

template <class T>
constexpr cudnnBackendAttributeType_t type_of();
template <>
constexpr cudnnBackendAttributeType_t type_of<int64_t>() {
  return CUDNN_TYPE_INT64;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<float>() {
  return CUDNN_TYPE_FLOAT;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<char>() {
  return CUDNN_TYPE_CHAR;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<void*>() {
  return CUDNN_TYPE_VOID_PTR;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<cudnnHandle_t>() {
  return CUDNN_TYPE_HANDLE;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<cudnnDataType_t>() {
  return CUDNN_TYPE_DATA_TYPE;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<cudnnConvolutionMode_t>() {
  return CUDNN_TYPE_CONVOLUTION_MODE;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<cudnnBackendHeurMode_t>() {
  return CUDNN_TYPE_HEUR_MODE;
}
template <>
constexpr cudnnBackendAttributeType_t type_of<cudnnBackendNumericalNote_t>() {
  return CUDNN_TYPE_NUMERICAL_NOTE;
}

// One of cuDNN's descriptors, owned.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) { check(cudnnBackendCreateDescriptor(type, &handle_), "a descriptor"); }
  ~Descriptor() {
    if (handle_ != nullptr) cudnnBackendDestroyDescriptor(handle_);
  }
  Descriptor(Descriptor&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, std::span<const T> values) {
    check(cudnnBackendSetAttribute(handle_, name, type_of<T>(), static_cast<int64_t>(values.size()), values.data()),
          "an attribute");
    return *this;
  }
  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, const T& value) {
    return set(name, std::span<const T>(&value, 1));
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& other) {
    check(cudnnBackendSetAttribute(handle_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &other.handle_), "an attribute");
    return *this;
  }
  Descriptor& finalize(const char* what) {
    check(cudnnBackendFinalize(handle_), what);
    return *this;
  }
  bool try_finalize() { return cudnnBackendFinalize(handle_) == CUDNN_STATUS_SUCCESS; }

  // At most `most` values; an attribute that is absent has none.
  template <class T>
  std::vector<T> get(cudnnBackendAttributeName_t name, size_t most) const {
    std::vector<T> values(most);
    int64_t count = 0;
    if (cudnnBackendGetAttribute(handle_, name, type_of<T>(), static_cast<int64_t>(most), &count, values.data()) !=
        CUDNN_STATUS_SUCCESS)
      count = 0;
    values.resize(std::min(most, static_cast<size_t>(count)));
    return values;
  }
  // Fills `into`, whose descriptors exist; returns how many there are.
  size_t get(cudnnBackendAttributeName_t name, std::vector<Descriptor>& into) const {
    std::vector<cudnnBackendDescriptor_t> raw;
    raw.reserve(into.size());
    for (const Descriptor& d : into) raw.push_back(d.handle_);
    int64_t count = 0;
    if (cudnnBackendGetAttribute(handle_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(raw.size()), &count,
                                 raw.data()) != CUDNN_STATUS_SUCCESS)
      return 0;
    return std::min(into.size(), static_cast<size_t>(count));
  }
  cudnnBackendDescriptor_t raw() const { return handle_; }

 private:
  cudnnBackendDescriptor_t handle_ = nullptr;
};

class Device final : public CudnnDevice {
 public:
  explicit Device(Queue& queue) : properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR) {
    check(cudnnCreate(&handle), "cudnnCreate");
    check(cudnnSetStream(handle, queue.handle()), "cudnnSetStream");
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
  int64_t index = -1;
  bool deterministic = true;
  bool tensor_cores = false;
  bool less_precise = false;  // inputs or sums of fewer bits than asked for
};

Notes notes_of(const Descriptor& config) {
  std::vector<Descriptor> engines;
  engines.emplace_back(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  if (config.get(CUDNN_ATTR_ENGINECFG_ENGINE, engines) != 1) throw Error(Fault::defect, "cuDNN: a configuration without engine");
  Notes n;
  for (int64_t index : engines[0].get<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, 1)) n.index = index;
  for (cudnnBackendNumericalNote_t note :
       engines[0].get<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT)) {
    if (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) n.deterministic = false;
    if (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE) n.tensor_cores = true;
    if (note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS || note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)
      n.less_precise = true;
  }
  return n;
}

const char* name_of(ConvPass pass) {
  switch (pass) {
    case ConvPass::forward: return "forward";
    case ConvPass::backward_data: return "backward_data";
    case ConvPass::backward_filter: return "backward_filter";
  }
  return "?";
}

}  // namespace

std::shared_ptr<const CudnnDevice> cudnn_device(Queue& queue) {
  return queue.library<DeviceOfQueue>().device;
}

std::shared_ptr<const CudnnDevice> cudnn_device(const std::string& json) {
  return std::make_shared<Device>(json);
}

struct ConvPlan::State {
  std::shared_ptr<const Device> device;
  Descriptor plan{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
  Notes notes;
  size_t workspace = 0;
  std::array<int64_t, 3> ids{};  // in the order of the addresses
  Descriptor arguments{CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR};
  Conv2dKernel::Addresses bound{};

  // Whether cuDNN can carry out this configuration under the rules.
  bool take(const Descriptor& config, DType dtype, const ConvRules& rules) {
    notes = notes_of(config);
    if (!notes.deterministic || notes.less_precise) return false;
    if (dtype == DType::f32 && notes.tensor_cores && !rules.tensor_float) return false;
    plan = Descriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config).set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device->properties);
    if (!plan.try_finalize()) return false;
    const auto bytes = plan.get<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, 1);
    workspace = bytes.empty() ? 0 : static_cast<size_t>(bytes[0]);
    return workspace <= rules.workspace_limit;
  }
};

ConvPlan::ConvPlan(const std::shared_ptr<const CudnnDevice>& device, ConvPass pass, const Conv2dShape& shape,
                   const ConvRules& rules)
    : state_(std::make_unique<State>()) {
  state_->device = std::static_pointer_cast<const Device>(device);
  switch (pass) {
    case ConvPass::forward: state_->ids = {id_x, id_filter, id_y}; break;
    case ConvPass::backward_data: state_->ids = {id_y, id_filter, id_x}; break;
    case ConvPass::backward_filter: state_->ids = {id_x, id_y, id_filter}; break;
  }
  const Descriptor graph = graph_of(pass, shape);
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (const Descriptor& config : suggestions(*state_->device, graph, mode)) {
      if (state_->take(config, shape.dtype, rules)) return;
    }
  }
  throw Error(Fault::defect,
              str("conv2d ", name_of(pass), ": cuDNN has no deterministic engine for ", shape.filter(), " on ", shape.images, 'x',
                  shape.height, 'x', shape.width, ", stride ", shape.stride, ", ", shape.dtype));
}

ConvPlan::~ConvPlan() = default;

size_t ConvPlan::workspace_bytes() const {
  return state_->workspace;
}

std::string ConvPlan::engine() const {
  return str("engine ", state_->notes.index, state_->notes.tensor_cores ? ", tensor cores" : "");
}

void ConvPlan::run(const Conv2dKernel::Addresses& addresses) const {
  State& s = *state_;
  if (s.device->handle == nullptr) throw Error(Fault::defect, "conv2d: this plan is for a GPU that is only described");
  if (addresses != s.bound) {  // a program runs at the same addresses every time: made once
    const std::array<void*, 3> data{const_cast<void*>(addresses[0]), const_cast<void*>(addresses[1]),
                                    const_cast<void*>(addresses[2])};
    s.arguments = Descriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    s.arguments.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span<void* const>(data))
        .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span<const int64_t>(s.ids))
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, const_cast<void*>(addresses[3]));
    s.arguments.finalize("the arguments of a convolution");
    s.bound = addresses;
  }
  check(cudnnBackendExecute(s.device->handle, s.plan.raw(), s.arguments.raw()), "a convolution");
}

std::string cudnn_version() {
  const size_t v = cudnnGetVersion();
  return str(v / 10000, '.', v / 100 % 100, '.', v % 100);
}

}  // namespace thorax::cuda
