// Define: a Graph is a list of coarse operations on Values. Model code appends to it and reads like the paper. Nothing is
// computed and no activation memory exists until plan() (planner.h) has turned it into a Program.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

class Description;
class Emitter;

// A handle to one tensor of a Graph.
struct Value {
  int id = -1;
  explicit operator bool() const { return id >= 0; }
  bool operator==(const Value&) const = default;
};

enum class Role : uint8_t {
  input,       // filled by the caller before each run; its memory is pinned
  parameter,   // trained; lives in the Store, fp32, plain
  state,       // running statistics; lives in the Store
  activation,  // made by an Op; lives in the arena
};

// How a parameter begins; drawn from Rng(seed, stream = its index among the parameters).
struct Init {
  enum class Kind : uint8_t { constant, normal, uniform } kind = Kind::constant;
  float scale = 0;  // the constant, the standard deviation, or the bound of [-scale, scale)
};

struct ValueInfo {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
  Layout layout = Layout::plain;
  Role role = Role::activation;
  Init init;
  DType gradient_dtype = DType::f32;
  bool differentiable = true;  // false: no gradient ever flows into it (labels, statistics, bytes)
};

// One coarse operation. To add one: derive, emit steps in both directions. Gradients, lifetimes and memory follow.
class Op {
 public:
  Op(std::string name, std::vector<Value> inputs) : name_(std::move(name)), inputs_(std::move(inputs)) {}
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  // Emits the steps that compute the outputs.
  virtual void forward(Emitter& emit) = 0;
  // Emits the steps that turn the gradients of the outputs into those of the inputs. Called only when at least one output has a
  // gradient and at least one input wants one, after forward() of the same plan.
  virtual void backward(Emitter& emit) = 0;
  // Adds what the op computes in evaluation mode (tensor/description.h), and sets its outputs' names. Throws unless overridden.
  virtual void describe(Description& d) const;

  const std::string& name() const { return name_; }
  const std::vector<Value>& inputs() const { return inputs_; }
  const std::vector<Value>& outputs() const { return outputs_; }

 private:
  friend class Graph;
  std::string name_;
  std::vector<Value> inputs_;
  std::vector<Value> outputs_;
};

class Graph {
 public:
  // training: batch norms use the batch's statistics and update the running ones. dtype: of the activations, f32, bf16 or f16.
  // device: where it will run, which decides how activations lie in memory.
  explicit Graph(bool training, DType dtype = DType::f32, Device device = Device::cpu)
      : training_(training), dtype_(dtype), layout_(device == Device::cuda ? Layout::nhwc : Layout::blocked) {}

  bool training() const { return training_; }
  DType dtype() const { return dtype_; }
  // Of the activations.
  Layout layout() const { return layout_; }

  Value input(std::string name, Shape shape, DType dtype = DType::f32, Layout layout = Layout::plain, bool differentiable = true);
  Value parameter(std::string name, Shape shape, Init init);
  Value state(std::string name, Shape shape, DType dtype, float initial);
  // An output of op, in the memory layout given.
  Value output_of(Op& op, std::string name, Shape shape, DType dtype, Layout layout, bool differentiable = true);

  // Appends an op: OpType(args...), whose constructor gets its name and inputs.
  template <class OpType, class... Args>
  OpType& add(Args&&... args) {
    auto op = std::make_unique<OpType>(std::forward<Args>(args)...);
    OpType& reference = *op;
    append(std::move(op));
    return reference;
  }

  const ValueInfo& info(Value v) const { return values_.at(static_cast<size_t>(v.id)); }
  void set_gradient_dtype(Value v, DType dtype) { values_.at(static_cast<size_t>(v.id)).gradient_dtype = dtype; }
  const std::vector<ValueInfo>& values() const { return values_; }
  const std::vector<std::unique_ptr<Op>>& ops() const { return ops_; }

 private:
  void append(std::unique_ptr<Op> op);
  Value add_value(ValueInfo info);
  bool training_;
  DType dtype_;
  Layout layout_;
  std::vector<ValueInfo> values_;
  std::vector<std::unique_ptr<Op>> ops_;
};

}  // namespace thorax
