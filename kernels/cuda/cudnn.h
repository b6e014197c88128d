// cuDNN's graph interface, as far as thorax needs it: one convolution as a finalised execution plan. kernels/cuda/cudnn.cpp is
// the only file that includes cuDNN.
#pragma once

#include <memory>
#include <string>

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
  size_t workspace_limit = size_t{256} << 20;
};

// x, y and their gradients: packed NHWC; filter and its gradient: [O,k,k,I]; all of the problem's dtype, summed in fp32.
class ConvPlan {
 public:
  // Takes the first engine that gives the same bits in every run and keeps the rules. Throws Error(defect) when there is none.
  ConvPlan(const std::shared_ptr<const CudnnDevice>& device, ConvPass pass, const Conv2dShape& shape, const ConvRules& rules);
  ~ConvPlan();
  ConvPlan(const ConvPlan&) = delete;
  ConvPlan& operator=(const ConvPlan&) = delete;

  size_t workspace_bytes() const;
  // cuDNN's number of the engine, and its notes: "engine 62, tensor cores".
  std::string engine() const;
  // Puts the convolution into the queue that the device was made from.
  void run(const Conv2dKernel::Addresses& addresses) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "9.19.0"
std::string cudnn_version();

}  // namespace thorax::cuda
