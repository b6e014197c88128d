#include "tensor/program.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iomanip>

#include "tensor/capture.h"
#include "tensor/lane.h"
#include "tensor/named_range.h"

namespace thorax {

namespace {
constexpr size_t guard_bytes = 64;
constexpr int guard_pattern = 0xA5;
constexpr int nan_pattern = 0xFF;  // 0xFFFF and 0xFFFFFFFF are NaN in bf16 and f32
}  // namespace

void Arena::reserve(size_t bytes, Place place) {
  if (bytes <= buffer_.bytes()) return;
  buffer_ = Buffer();  // give back before asking for more
  buffer_ = Buffer(bytes, place);
  owner = nullptr;
}

Tensor Run::operator[](Slot slot) const {
  for (const auto& [id, tensor] : step_.bound) {
    if (id == slot.id) return tensor;
  }
  return {};
}

Tensor Program::tensor(Value value) {
  bind();
  const auto it = value_slots_.find(value.id);
  if (it == value_slots_.end() ||
      !(slots_[static_cast<size_t>(it->second)].pinned || slots_[static_cast<size_t>(it->second)].external)) {
    throw Error(Fault::defect, "program: this value's memory is reused during the run; name it in PlanOptions::keep");
  }
  return for_caller(slots_[static_cast<size_t>(it->second)]);
}

Tensor Program::gradient(Value value) {
  bind();
  const auto it = gradient_slots_.find(value.id);
  if (it == gradient_slots_.end())
    throw Error(Fault::defect, "program: the loss does not depend on this value, it has no gradient");
  const Memory& m = slots_[static_cast<size_t>(it->second)];
  if (!m.pinned && !m.external)
    throw Error(Fault::defect, str("program: ", m.name, " is reused during the run; name it in PlanOptions::gradients_of"));
  return for_caller(m);
}

Tensor Program::for_caller(const Memory& m) const {
  if (stream_.device == Device::cpu) return m.tensor;
  if (m.external) return store_->on_host(m.tensor);
  Tensor t = m.tensor;
  t.data = host_.data() + m.host_offset;
  return t;
}

void Program::fill(void* to, int byte, size_t bytes) const {
  if (stream_.queue != nullptr) {
    stream_.queue->fill(to, byte, bytes);
  } else {
    std::memset(to, byte, bytes);
  }
}

// Gives every slot its address. The arena may have grown since the plan was made.
void Program::bind() {
  if (bound_to_ == arena_->data() && bound_to_ != nullptr) return;
  bound_to_ = arena_->data();
  if (host_.bytes() < host_bytes_) host_ = Buffer(host_bytes_, Place::pinned);
  for (Memory& m : slots_) {
    if (!m.external && m.first >= 0) m.tensor.data = arena_->data() + m.offset;
  }
  for (Step& s : steps_) {
    s.bound.clear();
    for (const auto* list : {&s.reads, &s.writes}) {
      for (Slot slot : *list) s.bound.emplace_back(slot.id, slots_[static_cast<size_t>(slot.id)].tensor);
    }
  }
  packed_version_ = 0;
  ran_ = false;
  graph_.reset();
}

// Another program may have used the arena since: then what was packed into it is gone.
void Program::prepare() {
  bind();
  if (arena_->owner != this) packed_version_ = 0;
  arena_->owner = this;
  store_->before_program();
  for (Store* other : others_) other->before_program();
  for (Memory& m : slots_) {
    if (m.staged != nullptr) {
      stream_.queue->copy(m.tensor.data, m.staged, m.tensor.bytes());
      m.staged = nullptr;
    } else if (m.copy == Memory::Copy::in && stream_.queue != nullptr) {
      if (m.source != nullptr) std::memcpy(host_.data() + m.host_offset, m.source, m.tensor.bytes());
      stream_.queue->copy(m.tensor.data, host_.data() + m.host_offset, m.tensor.bytes());
    }
    if (debug_ && !m.external && m.first >= 0 && !m.pinned) fill(m.tensor.data, nan_pattern, m.tensor.bytes());
  }
}

void Program::finish(const std::function<void()>& meanwhile) {
  try {
    if (meanwhile) meanwhile();
  } catch (...) {
    finish();  // what was begun is waited for
    throw;
  }
  packed_version_ = store_->version();
  if (training_ || writes_store_) store_->after_program(training_);
  for (Store* other : others_) other->after_program(true);
  if (stream_.queue == nullptr) return;
  for (const Memory& m : slots_) {
    if (m.copy == Memory::Copy::out) stream_.queue->copy(host_.data() + m.host_offset, m.tensor.data, m.tensor.bytes());
  }
  stream_.queue->wait();
}

void Program::take_input(Value input, const void* staged) {
  slots_[static_cast<size_t>(value_slots_.at(input.id))].staged = staged;
}

void Program::run(const std::function<void()>& meanwhile) {
  prepare();
  const bool pack = packed_version_ != store_->version();
  if (!replay(pack)) run_steps(pack);
  finish(meanwhile);
}

void Program::run_idle(const std::function<void()>& meanwhile) {
  prepare();
  run_steps(false, true);
  finish(meanwhile);
}

void Program::run_steps(bool pack, bool idle) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& s = steps_[i];
    if (s.packs && !pack) continue;
    if (debug_) {
      for (const Memory& m : slots_) {
        if (!m.external && m.first == static_cast<int>(i)) {
          fill(static_cast<std::byte*>(m.tensor.data) + m.tensor.bytes(), guard_pattern, guard_bytes);
        }
      }
    }
    if (!idle || s.joint) take(s, idle);
    if (debug_) check_guards(i), poison_dead(i);
  }
  ran_ = true;
}

void Program::take(const Step& s, bool idle) {
  const NamedRange range(s.name);
  switch (s.road) {
    case Step::Road::main: return s.body(Run(s, stream_, idle));
    case Step::Road::beside: return lane_->run([this, &s, idle] { s.body(Run(s, lane_->stream(), idle)); });
    case Step::Road::join: return lane_->join();
  }
}

// A run with packing to do is another list of steps than the recorded one. Guarded arenas are looked at between steps.
bool Program::replay(bool pack) {
  const bool packs = pack && std::any_of(steps_.begin(), steps_.end(), [](const Step& s) { return s.packs; });
  if (stream_.queue == nullptr || !may_replay_ || debug_ || !ran_ || packs || !replay_obstacle_.empty()) return false;
  if (graph_ == nullptr) {
    try {
      graph_ = std::make_shared<Capture>(*stream_.queue, [&] { run_steps(false); });
    } catch (const Error& e) {
      replay_obstacle_ = e.what();
      return false;
    }
  }
  graph_->replay();
  return true;
}

void Program::check_guards(size_t step) const {
  for (const Memory& m : slots_) {
    if (m.external || m.first < 0 || m.first > static_cast<int>(step) || m.last < static_cast<int>(step)) continue;
    const auto* guard = static_cast<const uint8_t*>(m.tensor.data) + m.tensor.bytes();
    std::array<uint8_t, guard_bytes> copy{};
    if (stream_.queue != nullptr) {
      stream_.queue->copy(copy.data(), guard, guard_bytes);
      stream_.queue->wait();
      guard = copy.data();
    }
    if (std::any_of(guard, guard + guard_bytes, [](uint8_t b) { return b != guard_pattern; })) {
      throw Error(Fault::defect,
                  str("program: step ", steps_[step].name, " wrote past the end of ", m.name, ' ', m.tensor.shape));
    }
  }
}

void Program::poison_dead(size_t step) const {
  for (const Memory& m : slots_) {
    if (!m.external && !m.pinned && m.first >= 0 && m.last == static_cast<int>(step))
      fill(m.tensor.data, nan_pattern, m.tensor.bytes());
  }
}

void Program::run_timed(std::vector<double>& times) {
  prepare();
  const bool pack = packed_version_ != store_->version();
  times.resize(steps_.size(), 0.0);
  for (size_t i = 0; i < steps_.size(); ++i) {
    if ((steps_[i].packs && !pack) || steps_[i].road == Step::Road::join) continue;  // one by one, nothing is beside
    const auto start = std::chrono::steady_clock::now();
    steps_[i].body(Run(steps_[i], stream_, false));
    if (stream_.queue != nullptr) stream_.queue->wait();
    times[i] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  finish();
}

double Program::flops() const {
  double sum = 0;
  for (const Step& s : steps_) sum += s.flops;
  return sum;
}

void Program::print(std::ostream& out) const {
  out << "step  name                                           writes                          offset      bytes    MFLOP\n";
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& s = steps_[i];
    size_t touched = 0;
    for (const auto* list : {&s.reads, &s.writes}) {
      for (Slot slot : *list) touched += slots_[static_cast<size_t>(slot.id)].tensor.bytes();
    }
    std::string written = "-";
    std::string offset = "-";
    if (!s.writes.empty()) {
      const Memory& m = slots_[static_cast<size_t>(s.writes.front().id)];
      written = str(m.tensor.shape, ' ', m.tensor.dtype);
      offset = m.external ? "store" : str(m.offset);
    }
    out << std::setw(4) << i << "  " << std::left << std::setw(46) << s.name << ' ' << std::setw(26) << written << std::right
        << std::setw(12) << offset << std::setw(11) << touched << std::setw(9) << std::fixed << std::setprecision(1)
        << s.flops * 1e-6 << '\n';
  }
  out << steps_.size() << " steps, arena " << arena_bytes_ << " bytes, largest sum of live bytes " << live_bytes_ << ", "
      << std::setprecision(2) << flops() * 1e-9 << " GFLOP\n";
}

}  // namespace thorax
