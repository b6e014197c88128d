#include "tensor/planner.h"

#include <algorithm>
#include <set>

#include "tensor/lane.h"
#include "tensor/placement.h"

namespace thorax {

namespace {
constexpr size_t guard_bytes = 64;
}

class Planner final : public Emitter {
 public:
  Planner(const Graph& graph, const PlanOptions& options, Store& store, Arena& arena)
      : graph_(graph), options_(options), store_(store) {
    program_.stream_ = options.stream;
    program_.store_ = &store;
    program_.arena_ = &arena;
    program_.training_ = static_cast<bool>(options.after_backward);
    program_.debug_ = options.debug;
    // A rank without images runs its steps one by one, and NCCL wants its calls recorded by all ranks or by none.
    const std::vector<int64_t>& images = options.replicas.images;
    program_.may_replay_ = std::find(images.begin(), images.end(), 0) == images.end();
    find_wanted();
  }

  Program make() {
    for (const auto& op : graph_.ops()) op->forward(*this);
    for (Value v : options_.keep) show(of(v));
    if (options_.loss) emit_backward();
    if (options_.after_backward) options_.after_backward(*this);
    place_beside();
    set_lifetimes();
    set_offsets();
    set_host_offsets();
    program_.arena_->reserve(program_.arena_bytes_, options_.stream.device == Device::cuda ? Place::gpu : Place::host);
    return std::move(program_);
  }

  const Graph& graph() const override { return graph_; }
  const Stream& stream() const override { return options_.stream; }
  const Replicas& replicas() const override { return options_.replicas; }

  Slot slot(const std::string& name, Shape shape, DType dtype, Layout layout) override {
    program_.slots_.push_back({name, Tensor{nullptr, shape, dtype, layout}});
    return {static_cast<int>(program_.slots_.size()) - 1};
  }

  Slot of(Value value) override {
    const auto known = program_.value_slots_.find(value.id);
    if (known != program_.value_slots_.end()) return {known->second};
    const ValueInfo& v = graph_.info(value);
    const Slot made = slot(v.name, v.shape, v.dtype, v.layout);
    if (v.role == Role::parameter || v.role == Role::state) externalise(made, store_.device_find(v.name));
    if (v.role == Role::input) pin(made), memory(made).copy = Program::Memory::Copy::in;
    program_.value_slots_[value.id] = made.id;
    return made;
  }

  bool will_differentiate(const Op& op) override {
    return options_.loss && any(op.inputs(), wanted_) && any(op.outputs(), reaching_);
  }

  Slot gradient(Value output) override {
    const auto known = program_.gradient_slots_.find(output.id);
    return known == program_.gradient_slots_.end() ? Slot{} : Slot{known->second};
  }

  bool may_overwrite(Slot s) override { return !memory(s).pinned; }

  Target target(Value input) override {
    if (wanted_.count(input.id) == 0) return {};
    const auto known = program_.gradient_slots_.find(input.id);
    if (known != program_.gradient_slots_.end()) return {Slot{known->second}, true};
    const ValueInfo& v = graph_.info(input);
    const Slot made = slot(v.name + ".gradient", v.shape, v.gradient_dtype, v.layout);
    if (v.role == Role::parameter) externalise(made, store_.device_gradient(v.name));
    const auto& asked = options_.gradients_of;
    if (std::find(asked.begin(), asked.end(), input) != asked.end()) show(made);
    program_.gradient_slots_[input.id] = made.id;
    return {made, false};
  }

  Slot upload(const std::string& name, const void* host, size_t bytes) override {
    const Slot made = slot(name, {static_cast<int64_t>(bytes)}, DType::u8, Layout::plain);
    pin(made);
    memory(made).copy = Program::Memory::Copy::in;
    memory(made).source = host;
    return made;
  }

  void uses(Store& other) override { program_.others_.push_back(&other); }

  void step(std::string name, std::vector<Slot> reads, std::vector<Slot> writes, double flops,
            std::function<void(const Run&)> body) override {
    const auto absent = [](Slot s) { return !s; };
    std::erase_if(reads, absent);
    std::erase_if(writes, absent);
    program_.steps_.push_back({std::move(name), std::move(reads), std::move(writes), flops, std::move(body)});
  }

  void joint_step(std::string name, std::vector<Slot> reads, std::vector<Slot> writes, double flops,
                  std::function<void(const Run&)> body) override {
    step(std::move(name), std::move(reads), std::move(writes), flops, std::move(body));
    program_.steps_.back().joint = true;
  }

  void joint_step_beside(std::string name, std::vector<Slot> gradients, std::function<void(const Run&)> body) override {
    std::erase_if(gradients, [](Slot s) { return !s; });
    for (Slot s : gradients)
      if (!memory(s).external)
        throw Error(Fault::defect, str("plan: ", name, " runs beside others, and ", memory(s).name, " is reused"));
    size_t place = beside_.empty() ? 0 : beside_.back().first;
    for (size_t i = place; i < program_.steps_.size(); ++i)
      if (touches(program_.steps_[i], gradients)) place = i + 1;
    Step step{std::move(name), gradients, gradients, 0, std::move(body)};
    step.joint = true;
    step.road = Step::Road::beside;
    beside_.emplace_back(place, std::move(step));
  }

  void join(std::string name) override {
    step(std::move(name), {}, {}, 0, {});
    program_.steps_.back().joint = true;
    program_.steps_.back().road = Step::Road::join;
  }

  void pack(std::string name, std::vector<Slot> reads, std::vector<Slot> writes, std::function<void(const Run&)> body) override {
    if (!program_.training_) {
      for (Slot s : writes) {
        if (s) pin(s);  // an op may leave a slot out
      }
    }
    step(std::move(name), std::move(reads), std::move(writes), 0, std::move(body));
    program_.steps_.back().packs = !program_.training_;
  }

 private:
  static bool any(const std::vector<Value>& values, const std::set<int>& set) {
    return std::any_of(values.begin(), values.end(), [&](Value v) { return set.count(v.id) != 0; });
  }
  Program::Memory& memory(Slot s) { return program_.slots_.at(static_cast<size_t>(s.id)); }
  void pin(Slot s) { memory(s).pinned = true; }
  // The caller reads it behind the run.
  void show(Slot s) {
    pin(s);
    Program::Memory& m = memory(s);
    if (!m.external && m.copy == Program::Memory::Copy::none) m.copy = Program::Memory::Copy::out;
  }
  void externalise(Slot s, const Tensor& t) {
    if (!t) throw Error(Fault::defect, str("plan: the store has no memory for ", memory(s).name));
    memory(s).external = true;
    memory(s).tensor = t;
  }

  // Which Values want a gradient (they lead to a parameter or to a Value that was asked for), and which reach the loss.
  void find_wanted() {
    for (Value v : options_.gradients_of) wanted_.insert(v.id);
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const ValueInfo& v = graph_.values()[i];
      if (!options_.parameter_gradients || v.role != Role::parameter) continue;
      if (!options_.constant || !options_.constant(v.name)) wanted_.insert(static_cast<int>(i));
    }
    for (const auto& op : graph_.ops()) {
      if (!any(op->inputs(), wanted_)) continue;
      for (Value v : op->outputs()) {
        if (graph_.info(v).differentiable) wanted_.insert(v.id);
      }
    }
    if (!options_.loss) return;
    if (graph_.info(options_.loss).shape.count() != 1) {
      throw Error(Fault::defect, str("plan: the loss has shape ", graph_.info(options_.loss).shape, ", a scalar is expected"));
    }
    reaching_.insert(options_.loss.id);
    for (auto op = graph_.ops().rbegin(); op != graph_.ops().rend(); ++op) {
      if (!any((*op)->outputs(), reaching_)) continue;
      for (Value v : (*op)->inputs()) reaching_.insert(v.id);
    }
  }

  void emit_backward() {
    show(of(options_.loss));
    const Slot one = slot("loss.gradient", {}, DType::f32, Layout::plain);
    program_.gradient_slots_[options_.loss.id] = one.id;
    static constexpr float unit = 1.0F;
    const float* upstream = options_.loss_gradient != nullptr ? options_.loss_gradient : &unit;
    if (options_.stream.device == Device::cuda) {
      pin(one);
      memory(one).copy = Program::Memory::Copy::in;
      memory(one).source = upstream;
    } else {
      step("loss.gradient", {}, {one}, 0, [one, upstream](const Run& run) { *run[one].as<float>() = *upstream; });
    }
    if (options_.before_backward) options_.before_backward(*this, one);
    for (auto op = graph_.ops().rbegin(); op != graph_.ops().rend(); ++op) {
      const auto& outputs = (*op)->outputs();
      const bool has_gradient =
          std::any_of(outputs.begin(), outputs.end(), [&](Value v) { return static_cast<bool>(gradient(v)); });
      if (has_gradient && any((*op)->inputs(), wanted_)) (*op)->backward(*this);
    }
  }

  void set_lifetimes() {
    for (size_t i = 0; i < program_.steps_.size(); ++i) {
      const Step& s = program_.steps_[i];
      const auto index = static_cast<int>(i);
      for (Slot r : s.reads) {
        Program::Memory& m = memory(r);
        const bool written = m.first >= 0 || m.external || m.source != nullptr || is_input(r);
        const bool self = std::any_of(s.writes.begin(), s.writes.end(), [&](Slot w) { return w.id == r.id; });
        if (!written && !self) throw Error(Fault::defect, str("plan: ", s.name, " reads ", m.name, " before any step writes it"));
        touch(m, index);
      }
      for (Slot w : s.writes) {
        touch(memory(w), index);
        if (memory(w).external) program_.writes_store_ = true;
      }
    }
    const int end = std::max(0, static_cast<int>(program_.steps_.size()) - 1);
    for (auto& m : program_.slots_) {
      if (m.pinned) m.first = 0, m.last = end;
    }
  }
  static bool touches(const Step& s, const std::vector<Slot>& slots) {
    const auto has = [&](const std::vector<Slot>& list) {
      return std::any_of(list.begin(), list.end(),
                         [&](Slot a) { return std::any_of(slots.begin(), slots.end(), [&](Slot b) { return a.id == b.id; }); });
    };
    return has(s.reads) || has(s.writes);
  }
  // Last first, so that the places of the others hold.
  void place_beside() {
    for (auto b = beside_.rbegin(); b != beside_.rend(); ++b)
      program_.steps_.insert(program_.steps_.begin() + static_cast<std::ptrdiff_t>(b->first), std::move(b->second));
    if (!beside_.empty()) program_.lane_ = std::make_shared<Lane>(options_.stream);
  }
  static void touch(Program::Memory& m, int step) {
    if (m.first < 0) m.first = step;
    m.last = step;
  }
  bool is_input(Slot s) const {
    return std::any_of(program_.value_slots_.begin(), program_.value_slots_.end(),
                       [&](const auto& v) { return v.second == s.id && graph_.info({v.first}).role == Role::input; });
  }

  // On a GPU the caller's side of inputs and results.
  void set_host_offsets() {
    if (options_.stream.device == Device::cpu) return;
    for (auto& m : program_.slots_) {
      if (m.copy == Program::Memory::Copy::none) continue;
      m.host_offset = program_.host_bytes_;
      program_.host_bytes_ += (m.tensor.bytes() + 63) / 64 * 64;
    }
  }

  void set_offsets() {
    std::vector<Lifetime> lifetimes;
    std::vector<size_t> which;
    const size_t guard = options_.debug ? guard_bytes : 0;
    // Slots begin where others end: on a GPU all at multiples of what cudaMalloc gives, which libraries may count on.
    const size_t grain = options_.stream.device == Device::cuda ? 256 : 1;
    for (size_t i = 0; i < program_.slots_.size(); ++i) {
      const Program::Memory& m = program_.slots_[i];
      if (m.external || m.first < 0) continue;
      lifetimes.push_back({(m.tensor.bytes() + guard + grain - 1) / grain * grain, m.first, m.last});
      which.push_back(i);
    }
    const Placement placement = place(lifetimes);
    for (size_t i = 0; i < which.size(); ++i) program_.slots_[which[i]].offset = placement.offsets[i];
    program_.arena_bytes_ = placement.bytes;
    program_.live_bytes_ = live_peak(lifetimes);
  }

  const Graph& graph_;
  const PlanOptions& options_;
  Store& store_;
  Program program_;
  std::set<int> wanted_;
  std::set<int> reaching_;
  std::vector<std::pair<size_t, Step>> beside_;  // and before which of the other steps
};

Program plan(const Graph& graph, const PlanOptions& options, Store& store, Arena& arena) {
  return Planner(graph, options, store, arena).make();
}

}  // namespace thorax
