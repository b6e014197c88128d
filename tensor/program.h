// Run: a Program is a flat list of named steps over one arena. Its memory is known before anything runs, and run() allocates
// nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tensor/buffer.h"
#include "tensor/store.h"
#include "tensor/stream.h"

namespace thorax {

// A handle to one piece of a Program's memory.
struct Slot {
  int id = -1;
  explicit operator bool() const { return id >= 0; }
};

class Capture;
class Lane;
class Program;
struct Step;

// What a step is handed: the slots that it declared, and nothing else (the rest has null data).
class Run {
 public:
  Run(const Step& step, const Stream& on, bool is_idle) : stream(on), idle(is_idle), step_(step) {}
  Tensor operator[](Slot slot) const;
  const Stream& stream;
  const bool idle;  // this rank has no images: what it brings to a joint step is nothing

 private:
  const Step& step_;
};

struct Step {
  std::string name;
  std::vector<Slot> reads;
  std::vector<Slot> writes;  // a slot that is accumulated into stands in both
  double flops = 0;
  std::function<void(const Run&)> body;
  bool packs = false;  // depends on parameters alone: run only when they changed
  bool joint = false;  // all ranks do it, also one without images
  // beside: on a second road, while the steps that follow run (tensor/lane.h); join: waits for all of that road.
  enum class Road : uint8_t { main, beside, join } road = Road::main;
  std::vector<std::pair<int, Tensor>> bound{};
};

// Memory that several Programs share, one after the other (full batch, last batch, validation).
class Arena {
 public:
  // Grows to at least bytes; what was in it is lost then. place: the same in every call.
  void reserve(size_t bytes, Place place);
  std::byte* data() const { return buffer_.data(); }
  size_t bytes() const { return buffer_.bytes(); }
  // The Program that wrote it last.
  const void* owner = nullptr;

 private:
  Buffer buffer_;
};

class Program {
 public:
  struct Memory {  // one slot
    std::string name;
    Tensor tensor;          // data: filled when the program is bound
    bool external = false;  // lives in the Store
    bool pinned = false;    // keeps its place for the whole program
    // On a GPU: copied from or to the host in each run, because the caller fills it or reads it.
    enum class Copy : uint8_t { none, in, out } copy = Copy::none;
    const void* source = nullptr;  // where the host keeps it; null: the caller fills it through tensor()
    size_t host_offset = 0;
    const void* staged = nullptr;  // on the GPU: in the next run it is copied from there
    size_t offset = 0;
    int first = -1;
    int last = -1;
  };

  // Where the caller puts a batch and finds results: always the host's memory. The address holds until the arena grows: plan all
  // programs first.
  Tensor tensor(Value value);
  // The gradient of a Value that was asked for in PlanOptions::gradients_of, or of a parameter.
  Tensor gradient(Value value);

  // On a GPU: in the next run the input's content comes from this memory of the GPU (tensor/input_stage.h) and not from the
  // caller's side.
  void take_input(Value input, const void* staged);

  // meanwhile, unless empty: called when the work is begun, before it is waited for. Returns when the results are there. On a GPU
  // the first run puts its steps into the queue one by one, the second is recorded as a CUDA Graph, which it and all later ones
  // replay: the same kernels at the same addresses, so the same bits.
  void run(const std::function<void()>& meanwhile = {});
  // The joint steps alone: of a rank that has no images in this step, while the others run().
  void run_idle(const std::function<void()>& meanwhile = {});
  // false: every run one by one.
  void set_replay(bool allowed) { may_replay_ = allowed; }
  bool replays() const { return graph_ != nullptr; }
  // Why a run could not be recorded; empty: it could, or was not tried. It then runs one by one.
  const std::string& replay_obstacle() const { return replay_obstacle_; }
  // As run(), and adds each step's seconds to times[step index]; times is resized.
  void run_timed(std::vector<double>& times);

  size_t arena_bytes() const { return arena_bytes_; }
  // The largest sum of bytes alive at once: the arena cannot be smaller.
  size_t live_bytes() const { return live_bytes_; }
  double flops() const;
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<Memory>& slots() const { return slots_; }
  // One line a step: number, name, what it writes (shape, dtype, offset), bytes touched, FLOPs; then the totals.
  void print(std::ostream& out) const;

 private:
  friend class Planner;
  void bind();
  void prepare();
  void run_steps(bool pack, bool idle = false);
  void take(const Step& s, bool idle);
  bool replay(bool pack);
  void finish(const std::function<void()>& meanwhile = {});
  Tensor for_caller(const Memory& m) const;
  void fill(void* to, int byte, size_t bytes) const;
  void check_guards(size_t step) const;
  void poison_dead(size_t step) const;
  std::vector<Step> steps_;
  std::vector<Memory> slots_;
  std::map<int, int> value_slots_;
  std::map<int, int> gradient_slots_;
  Arena* arena_ = nullptr;
  Store* store_ = nullptr;
  Stream stream_;
  bool training_ = false;
  bool writes_store_ = false;
  bool debug_ = false;
  const std::byte* bound_to_ = nullptr;
  uint64_t packed_version_ = 0;
  size_t arena_bytes_ = 0;
  size_t live_bytes_ = 0;
  size_t host_bytes_ = 0;
  std::vector<Store*> others_;
  bool may_replay_ = true;
  bool ran_ = false;            // at these addresses, one by one: whatever libraries make at their first call is made
  std::shared_ptr<Lane> lane_;  // null: no step runs beside others
  std::shared_ptr<Capture> graph_;
  std::string replay_obstacle_;
  Buffer host_;  // on a GPU: the caller's side of what is copied
};

}  // namespace thorax
