#include "tensor/store.h"

#include "tensor/rng.h"

namespace thorax {

namespace {
constexpr size_t alignment = 64;
size_t aligned(size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}
}  // namespace

void Store::Array::make(size_t bytes, bool on_gpu) {
  host = Buffer(bytes, on_gpu ? Place::pinned : Place::host);
  if (on_gpu) gpu = Buffer(bytes, Place::gpu);
}

Store::Store(const Graph& graph, uint64_t seed, bool with_gradients, std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {
  const auto& values = graph.values();
  size_t parameter_bytes = 0;
  size_t state_bytes = 0;
  for (auto v = values.rbegin(); v != values.rend(); ++v) {
    const size_t bytes = aligned(static_cast<size_t>(v->shape.count()) * size_of(v->dtype));
    if (v->role == Role::parameter) {
      entries_[v->name] = {v->shape, v->dtype, parameter_bytes, true};
      parameter_bytes += bytes;
    } else if (v->role == Role::state) {
      entries_[v->name] = {v->shape, v->dtype, state_bytes, false};
      state_bytes += bytes;
    }
  }
  for (const ValueInfo& v : values) {
    if (v.role == Role::parameter || v.role == Role::state) names_.push_back(v.name);
  }
  flat_count_ = static_cast<int64_t>(parameter_bytes / sizeof(float));
  const bool on_gpu = queue_ != nullptr;
  parameters_.make(parameter_bytes, on_gpu);
  states_.make(state_bytes, on_gpu);
  if (with_gradients) {
    gradients_.make(parameter_bytes, on_gpu);
    momenta_.make(parameter_bytes, on_gpu);
  }
  initialize(graph, seed);
}

void Store::initialize(const Graph& graph, uint64_t seed) {
  uint64_t index = 0;
  for (const ValueInfo& v : graph.values()) {
    if (v.role != Role::parameter && v.role != Role::state) continue;
    const Tensor t = lookup(v.name, false);
    if (t.dtype == DType::i64) {
      for (int64_t i = 0; i < t.count(); ++i) t.as<int64_t>()[i] = static_cast<int64_t>(v.init.scale);
      continue;
    }
    const Rng rng(seed, v.role == Role::parameter ? index++ : 0);
    auto* p = t.as<float>();
    for (int64_t i = 0; i < t.count(); ++i) {
      const auto n = static_cast<uint64_t>(i);
      switch (v.init.kind) {
        case Init::Kind::constant: p[i] = v.init.scale; break;
        case Init::Kind::normal: p[i] = v.init.scale * rng.normal(n); break;
        case Init::Kind::uniform: p[i] = rng.uniform(n, -v.init.scale, v.init.scale); break;
      }
    }
  }
}

Tensor Store::view(const Buffer& buffer, const Entry& entry) {
  if (buffer.data() == nullptr) return {nullptr, entry.shape, entry.dtype, Layout::plain};
  return {buffer.data() + entry.offset, entry.shape, entry.dtype, Layout::plain};
}

Tensor Store::lookup(const std::string& name, bool used_by_programs) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return {};
  const Array& array = it->second.parameter ? parameters_ : states_;
  return view(used_by_programs ? array.used() : array.host, it->second);
}

Tensor Store::find(const std::string& name) const {
  update_host();
  return lookup(name, false);
}

Tensor Store::gradient(const std::string& parameter) const {
  update_host();
  return view(gradients_.host, entries_.at(parameter));
}

Tensor Store::momentum(const std::string& parameter) const {
  update_host();
  return view(momenta_.host, entries_.at(parameter));
}

Tensor Store::device_find(const std::string& name) const {
  return lookup(name, true);
}

Tensor Store::device_gradient(const std::string& parameter) const {
  return view(gradients_.used(), entries_.at(parameter));
}

Tensor Store::on_host(const Tensor& device) const {
  update_host();
  Tensor t = device;
  for (const Array* a : arrays()) {
    const std::byte* begin = a->used().data();
    const auto* at = static_cast<const std::byte*>(device.data);
    if (begin != nullptr && at >= begin && at < begin + a->used().bytes()) t.data = a->host.data() + (at - begin);
  }
  return t;
}

void Store::update_host() const {
  if (!gpu_is_newer_) return;
  for (const Array* a : arrays()) {
    if (a->host.bytes() > 0) queue_->copy(a->host.data(), a->gpu.data(), a->host.bytes());
  }
  queue_->wait();
  gpu_is_newer_ = false;
}

void Store::touch() {
  if (gpu_is_newer_) throw Error(Fault::defect, "store: written through a view from before a program ran on the GPU");
  ++version_;
  host_is_newer_ = true;
}

void Store::before_program() {
  if (queue_ == nullptr || !host_is_newer_) return;
  for (const Array* a : arrays()) {
    if (a->host.bytes() > 0) queue_->copy(a->gpu.data(), a->host.data(), a->host.bytes());
  }
  queue_->wait();
  host_is_newer_ = false;
}

void Store::after_program(bool parameters_changed) {
  if (parameters_changed) ++version_;
  gpu_is_newer_ = queue_ != nullptr;
}

size_t Store::bytes() const {
  size_t sum = 0;
  for (const Array* a : arrays()) sum += a->used().bytes();
  return sum;
}

int64_t Store::parameter_count() const {
  int64_t count = 0;
  for (const auto& [name, entry] : entries_) count += entry.parameter ? entry.shape.count() : 0;
  return count;
}

}  // namespace thorax
