// A descriptor of cuDNN's graph interface, owned, with its attributes by C++ types. For kernels/cuda/cudnn.cpp alone.
#pragma once

#include <cudnn_graph.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "tensor/error.h"

namespace thorax::cuda {

inline void check_cudnn(cudnnStatus_t status, const char* what) {
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
template <>
constexpr cudnnBackendAttributeType_t type_of<cudnnBackendKnobType_t>() {
  return CUDNN_TYPE_KNOB_TYPE;
}

// One of cuDNN's descriptors, owned.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    check_cudnn(cudnnBackendCreateDescriptor(type, &handle_), "a descriptor");
  }
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
    check_cudnn(cudnnBackendSetAttribute(handle_, name, type_of<T>(), static_cast<int64_t>(values.size()), values.data()),
                "an attribute");
    return *this;
  }
  template <class T>
  Descriptor& set(cudnnBackendAttributeName_t name, const T& value) {
    return set(name, std::span<const T>(&value, 1));
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& other) {
    check_cudnn(cudnnBackendSetAttribute(handle_, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &other.handle_), "an attribute");
    return *this;
  }
  Descriptor& finalize(const char* what) {
    check_cudnn(cudnnBackendFinalize(handle_), what);
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

}  // namespace thorax::cuda
