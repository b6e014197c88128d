// What lives longer than a step: parameters, their gradients and momentum, and running state. One flat array each, parameters in
// reverse order of the graph, so that the gradients that a backward pass finishes first lie first (an all-reduce bucket is a
// slice) and one kernel updates all. For a GPU every array exists twice: programs use the GPU's, everybody else the host's, and
// what was changed on one side is copied when the other is next used.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensor/buffer.h"
#include "tensor/graph.h"
#include "tensor/queue.h"

namespace thorax {

class Store {
 public:
  // Lays out the parameters and states of the graph; all begin as their Init says, drawn with the seed. with_gradients: false
  // for inference, which needs neither gradients nor momentum. queue: of the GPU whose programs use it; null: the CPU's.
  Store(const Graph& graph, uint64_t seed, bool with_gradients, std::shared_ptr<Queue> queue = nullptr);

  // The host's views by name; null data when there is none of that name. parameter() and state() of the same name never both
  // exist. On a GPU they hold until the next program runs.
  Tensor find(const std::string& name) const;
  Tensor gradient(const std::string& parameter) const;
  Tensor momentum(const std::string& parameter) const;
  // The same where programs use them.
  Tensor device_find(const std::string& name) const;
  Tensor device_gradient(const std::string& parameter) const;
  // From one of the latter to the host's view.
  Tensor on_host(const Tensor& device) const;

  // Flat fp32 arrays [flat_count] where programs use them; entries between parameters (alignment) are zero and stay zero.
  int64_t flat_count() const { return flat_count_; }
  float* parameters() const { return reinterpret_cast<float*>(parameters_.used().data()); }
  float* gradients() const { return reinterpret_cast<float*>(gradients_.used().data()); }
  float* momenta() const { return reinterpret_cast<float*>(momenta_.used().data()); }

  // Names in the order of the graph, parameters and states together: torchvision's state_dict order.
  const std::vector<std::string>& names() const { return names_; }
  bool is_parameter(const std::string& name) const { return entries_.at(name).parameter; }
  // Sum of the parameters' counts, without alignment.
  int64_t parameter_count() const;
  size_t bytes() const;

  // Of the GPU whose programs use it; null: the CPU's.
  const std::shared_ptr<Queue>& queue() const { return queue_; }

  // Grows whenever a parameter may have changed: programs that keep packed copies look at it.
  uint64_t version() const { return version_; }
  // Call it when something was written through the host's views.
  void touch();
  // Programs: before the first step, and behind the last one that wrote here. parameters: whether these changed.
  void before_program();
  void after_program(bool parameters_changed);

 private:
  struct Array {
    Buffer host, gpu;  // gpu: empty for the CPU's store
    const Buffer& used() const { return gpu.data() != nullptr ? gpu : host; }
    void make(size_t bytes, bool on_gpu);
  };
  struct Entry {
    Shape shape;
    DType dtype = DType::f32;
    size_t offset = 0;  // in bytes
    bool parameter = false;
  };
  static Tensor view(const Buffer& buffer, const Entry& entry);
  Tensor lookup(const std::string& name, bool used_by_programs) const;
  void initialize(const Graph& graph, uint64_t seed);
  void update_host() const;
  std::array<const Array*, 4> arrays() const { return {&parameters_, &gradients_, &momenta_, &states_}; }
  std::vector<std::string> names_;
  std::unordered_map<std::string, Entry> entries_;
  int64_t flat_count_ = 0;
  uint64_t version_ = 1;
  Array parameters_, gradients_, momenta_, states_;
  std::shared_ptr<Queue> queue_;
  bool host_is_newer_ = true;
  mutable bool gpu_is_newer_ = false;
};

}  // namespace thorax
