// Plan: from a Graph to a Program. Every op emits its steps, forward in order and backward in reverse; every step declares what
// it reads and writes; lifetimes, offsets and write-or-accumulate follow from that.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tensor/program.h"
#include "tensor/replicas.h"

namespace thorax {

// What an op sees while it emits its steps.
class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual const Graph& graph() const = 0;
  virtual const Stream& stream() const = 0;
  virtual const Replicas& replicas() const = 0;

  // Memory in the arena, alive from the first step that declares it to the last.
  virtual Slot slot(const std::string& name, Shape shape, DType dtype, Layout layout = Layout::plain) = 0;
  // The memory of a Value.
  virtual Slot of(Value value) = 0;

  // True when this plan has a backward pass that reaches an input of the op: what backward reads must then be kept.
  virtual bool will_differentiate(const Op& op) = 0;
  // Backward: the gradient of an output, final; null when nothing depends on it.
  virtual Slot gradient(Value output) = 0;
  // Whether the op may use that gradient's memory as its own workspace (not when the caller asked to see it).
  virtual bool may_overwrite(Slot gradient) = 0;
  // Backward: where the gradient of an input goes, and whether it is written or added to. Null slot: nobody wants it. Ask once
  // per input and emit, and write all of it.
  struct Target {
    Slot slot;
    bool accumulate = false;
    explicit operator bool() const { return static_cast<bool>(slot); }
  };
  virtual Target target(Value input) = 0;

  // On a GPU: `bytes` bytes that the host may change between runs, copied from `host` to the slot before each run's first step
  // (so that a replayed run sees them, too). host must outlive the program.
  virtual Slot upload(const std::string& name, const void* host, size_t bytes) = 0;
  // Another store that the program's steps write beside its own: its two sides are kept in step as the program's own are.
  virtual void uses(Store& other) = 0;

  virtual void step(std::string name, std::vector<Slot> reads, std::vector<Slot> writes, double flops,
                    std::function<void(const Run&)> body) = 0;
  // A step that all ranks do in every run, also one that has no images (Run::idle).
  virtual void joint_step(std::string name, std::vector<Slot> reads, std::vector<Slot> writes, double flops,
                          std::function<void(const Run&)> body) = 0;
  // A joint step on the gradients of parameters, as soon as they are final: it is moved behind the last step before it that
  // touches one of them, but not before another of these, and runs beside what follows (tensor/lane.h) until join().
  virtual void joint_step_beside(std::string name, std::vector<Slot> gradients, std::function<void(const Run&)> body) = 0;
  // Steps from here on wait for all of those.
  virtual void join(std::string name) = 0;
  // A step that depends on parameters alone (weights into a library's layout). While training it runs at its place in every step
  // and its memory is reused; for inference it runs only when the parameters changed, and its memory is kept.
  virtual void pack(std::string name, std::vector<Slot> reads, std::vector<Slot> writes,
                    std::function<void(const Run&)> body) = 0;
};

struct PlanOptions {
  Stream stream;
  Value loss;                            // a scalar; given: the program also runs the backward pass
  const float* loss_gradient = nullptr;  // of what is minimised, by the loss; read in each run; null: 1
  // Emits steps that change that gradient, a scalar, before the first op reads it: loss scaling. Empty: none.
  std::function<void(Emitter&, Slot loss_gradient)> before_backward{};
  Replicas replicas;
  std::vector<Value> keep;                             // activations that the caller reads after run()
  std::vector<Value> gradients_of;                     // any Values whose gradients the caller reads after run()
  bool parameter_gradients = true;                     // false: the parameters are constants
  std::function<bool(const std::string&)> constant{};  // parameters of these names are constants, too; empty: none
  std::function<void(Emitter&)> after_backward;        // the all-reduce and the update
  bool debug =  // NaN in all dead memory, guard bytes between slots, checked after every step
#ifdef THORAX_DEBUG_ARENA
      true;
#else
      false;
#endif
};

// The graph, store and arena must outlive the Program; the graph may end once it is planned. Throws Error(defect) when an op's
// declarations do not fit together (memory read before it is written), Error(machine) when the arena cannot be had.
Program plan(const Graph& graph, const PlanOptions& options, Store& store, Arena& arena);

}  // namespace thorax
