// cuDNN's graph interface, as far as thorax needs it: one convolution as a finalised execution plan. kernels/cuda/cudnn.cpp
// and its cudnn_descriptor.h are the only files that include cuDNN.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/conv2d_kernel.h"

namespace thorax::cuda {

// What a plan is made for.
class CudnnDevice {
 public:
  virtual ~CudnnDevice() = default;
};

// The GPU of a queue.
std::shared_ptr<const CudnnDevice> cudnn_device(Queue& queue);
// A GPU that need not be there, described by cuDNN's JSON text: its plans can be asked, not run.
std::shared_ptr<const CudnnDevice> cudnn_device(const std::string& json);

// What may be chosen among cuDNN's engines. Their order is cuDNN's own judgement of speed.
struct ConvRules {
  bool tensor_float = false;  // fp32 may be rounded to TF32 for the tensor cores
  bool any_order = false;     // engines whose last bits differ from run to run
  size_t workspace_limit = size_t{256} << 20;
};

// x, y and their gradients: packed NHWC; filter and its gradient: [O,k,k,I]; all of the problem's dtype, summed in fp32.
class ConvPlan {
 public:
  // Takes the first plan that keeps the rules, or the one of this name. Throws Error(defect) when there is none.
  ConvPlan(const std::shared_ptr<const CudnnDevice>& device, ConvPass pass, const Conv2dShape& shape, const ConvRules& rules,
           const std::string& name = "");
  ~ConvPlan();
  ConvPlan(const ConvPlan&) = delete;
  ConvPlan& operator=(const ConvPlan&) = delete;

  size_t workspace_bytes() const;
  // The engine by cuDNN's number and the settings of its knobs: "62 2=1 14=3". The same for the same version of cuDNN and GPU.
  const std::string& name() const;
  // Of the first plans that keep the rules, cuDNN's own favourite first; each once, `most` at most.
  static std::vector<std::string> names(const std::shared_ptr<const CudnnDevice>& device, ConvPass pass, const Conv2dShape& shape,
                                        const ConvRules& rules, size_t most);
  bool uses_tensor_cores() const;
  // The addresses of x, filter and y or their gradients in the order of the pass.
  Conv2dKernel::Addresses in_order(const void* x, const void* filter, const void* y, const void* workspace) const;
  // Puts the convolution into the queue that the device was made from.
  void run(const Conv2dKernel::Addresses& addresses) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "forward", "backward_data", "backward_filter"
const char* name_of(ConvPass pass);

// "9.19.0"
std::string cudnn_version();

}  // namespace thorax::cuda
