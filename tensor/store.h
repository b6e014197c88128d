// What lives longer than a step: parameters, their gradients and momentum, and running state. One flat array each, parameters in
// reverse order of the graph, so that the gradients that a backward pass finishes first lie first (an all-reduce bucket is a
// slice) and one kernel updates all.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "tensor/buffer.h"
#include "tensor/graph.h"

namespace thorax {

class Store {
 public:
  // Lays out the parameters and states of the graph; all begin as their Init says, drawn with the seed. with_gradients: false
  // for inference, which needs neither gradients nor momentum.
  Store(const Graph& graph, uint64_t seed, bool with_gradients);

  // Views by name; null data when there is none of that name. parameter() and state() of the same name never both exist.
  Tensor find(const std::string& name) const;
  Tensor gradient(const std::string& parameter) const;
  Tensor momentum(const std::string& parameter) const;

  // Flat fp32 arrays [flat_count]; entries between parameters (alignment) are zero and stay zero.
  int64_t flat_count() const { return flat_count_; }
  float* parameters() const { return reinterpret_cast<float*>(parameters_.data()); }
  float* gradients() const { return reinterpret_cast<float*>(gradients_.data()); }
  float* momenta() const { return reinterpret_cast<float*>(momenta_.data()); }

  // Names in the order of the graph, parameters and states together: torchvision's state_dict order.
  const std::vector<std::string>& names() const { return names_; }
  bool is_parameter(const std::string& name) const { return entries_.at(name).parameter; }
  // Sum of the parameters' counts, without alignment.
  int64_t parameter_count() const;
  size_t bytes() const { return parameters_.bytes() + gradients_.bytes() + momenta_.bytes() + states_.bytes(); }

  // Grows whenever a parameter may have changed: programs that keep packed copies look at it.
  uint64_t version() const { return version_; }
  void touch() { ++version_; }

 private:
  struct Entry {
    Shape shape;
    DType dtype = DType::f32;
    size_t offset = 0;  // in bytes
    bool parameter = false;
  };
  Tensor view(const Buffer& buffer, const Entry& entry) const;
  void initialize(const Graph& graph, uint64_t seed);
  std::vector<std::string> names_;
  std::unordered_map<std::string, Entry> entries_;
  int64_t flat_count_ = 0;
  uint64_t version_ = 1;
  Buffer parameters_, gradients_, momenta_, states_;
};

}  // namespace thorax
