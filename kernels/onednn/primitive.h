// oneDNN's primitives: a convolution with everything that its execution needs, made beforehand: memory objects and argument
// lists, one set per caller, so that an execution sets addresses and nothing else.
#pragma once

#include <omp.h>

#include <array>
#include <dnnl.hpp>
#include <vector>

#include "kernels/conv2d_kernel.h"

namespace thorax::onednn {

inline constexpr int max_arguments = 4;

// OpenMP's number of threads for its lifetime. Primitives take theirs from it when they are made, and open regions of so many
// when they are executed: with more than the work was made for, the rest spins, on cores that may be another process's.
class OpenMpThreads {
 public:
  explicit OpenMpThreads(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~OpenMpThreads() { omp_set_num_threads(before_); }
  OpenMpThreads(const OpenMpThreads&) = delete;
  OpenMpThreads& operator=(const OpenMpThreads&) = delete;

 private:
  int before_;
};

// One tensor of the primitive: which argument it is, and its layout.
struct Argument {
  int index = 0;
  dnnl::memory::desc desc;
};

// From one layout to another, with its memory objects made beforehand.
class Reorder {
 public:
  Reorder() = default;
  // accumulate: adds to what is there.
  Reorder(const dnnl::memory::desc& from, const dnnl::memory::desc& to, bool accumulate);
  void run(const Stream& stream, const void* from, void* to) const;

 private:
  dnnl::reorder primitive_;
  dnnl::memory from_, to_;
  dnnl::stream stream_;
};

class Primitive final : public Conv2dKernel {
 public:
  // arguments: in the order in which execute() takes the addresses; the scratchpad is added here. filter: which argument is the
  // filter (or its gradient).
  Primitive(dnnl::primitive primitive, std::vector<Argument> arguments, const dnnl::memory::desc& scratchpad, size_t filter,
            const Conv2dShape& shape, int callers);
  ~Primitive() override;

  size_t filter_bytes() const override { return arguments_[filter_].desc.get_size(); }
  size_t workspace_bytes() const override { return scratchpad_bytes_; }
  void execute(const Stream& stream, int caller, const Addresses& addresses) const override;
  void filter_from_plain(const Stream& stream, const float* plain, void* packed) const override {
    to_packed_.run(stream, plain, packed);
  }
  void filter_to_plain(const Stream& stream, const void* packed, float* plain, bool accumulate) const override {
    (accumulate ? add_to_plain_ : to_plain_).run(stream, packed, plain);
  }

 private:
  struct Context {
    dnnl::stream stream;
    std::vector<dnnl::memory> memories;
    std::array<dnnl_exec_arg_t, max_arguments> arguments{};
  };
  dnnl::primitive primitive_;
  std::vector<Argument> arguments_;
  size_t filter_;
  size_t scratchpad_bytes_;
  int count_ = 0;
  mutable std::vector<Context> contexts_;
  Reorder to_packed_, to_plain_, add_to_plain_;
};

dnnl::engine& engine();
dnnl::memory::data_type type_of(DType dtype);

}  // namespace thorax::onednn
