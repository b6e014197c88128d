#include "tensor/capture.h"

#include "tensor/error.h"
#ifdef THORAX_CUDA
#include "tensor/cuda_check.h"
#endif

namespace thorax {

#ifdef THORAX_CUDA

struct Capture::State {
  explicit State(cudaStream_t handle) : queue(handle) {}
  ~State() {
    if (runnable != nullptr) cudaGraphExecDestroy(runnable);
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  cudaStream_t queue;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t runnable = nullptr;
};

Capture::Capture(Queue& queue, const std::function<void()>& work) : state_(std::make_unique<State>(queue.handle())) {
  check_cuda(cudaStreamBeginCapture(state_->queue, cudaStreamCaptureModeThreadLocal), "recording a graph");
  try {
    work();
  } catch (...) {
    static_cast<void>(cudaStreamEndCapture(state_->queue, &state_->graph));
    static_cast<void>(cudaGetLastError());  // the recording's: later checks must not find it
    throw;
  }
  const cudaError_t recorded = cudaStreamEndCapture(state_->queue, &state_->graph);
  if (recorded != cudaSuccess) static_cast<void>(cudaGetLastError());
  check_cuda(recorded, "recording a graph");
  check_cuda(cudaGraphInstantiate(&state_->runnable, state_->graph, 0), "a graph");
}

void Capture::replay() {
  check_cuda(cudaGraphLaunch(state_->runnable, state_->queue), "a graph");
}

std::vector<Launch> Capture::launches() const {
  size_t count = 0;
  check_cuda(cudaGraphGetNodes(state_->graph, nullptr, &count), "a graph's nodes");
  std::vector<cudaGraphNode_t> nodes(count);
  check_cuda(cudaGraphGetNodes(state_->graph, nodes.data(), &count), "a graph's nodes");
  std::vector<Launch> found;
  for (const cudaGraphNode_t node : nodes) {
    cudaGraphNodeType type{};
    check_cuda(cudaGraphNodeGetType(node, &type), "a graph's node");
    if (type != cudaGraphNodeTypeKernel) continue;
    Launch launch;
    cudaKernelNodeParams kernel{};
    cudaFuncAttributes attributes{};
    if (cudaGraphKernelNodeGetParams(node, &kernel) == cudaSuccess) {
      launch.blocks = int64_t{kernel.gridDim.x} * kernel.gridDim.y * kernel.gridDim.z;
      launch.threads = static_cast<int>(kernel.blockDim.x * kernel.blockDim.y * kernel.blockDim.z);
      launch.shared_bytes = kernel.sharedMemBytes;
      if (cudaFuncGetAttributes(&attributes, kernel.func) == cudaSuccess) {
        launch.registers = attributes.numRegs;
        launch.shared_bytes += static_cast<int64_t>(attributes.sharedSizeBytes);
      }
    }
    static_cast<void>(cudaGetLastError());  // a library's kernel may refuse to be asked
    found.push_back(launch);
  }
  return found;
}

#else

struct Capture::State {};

Capture::Capture(Queue&, const std::function<void()>&) {
  throw Error(Fault::defect, "a graph was asked for, and this thorax was built without CUDA");
}
void Capture::replay() {}
std::vector<Launch> Capture::launches() const {
  return {};
}

#endif

Capture::~Capture() = default;

}  // namespace thorax
