#include "tensor/store.h"

#include "tensor/rng.h"

namespace thorax {

namespace {
constexpr size_t alignment = 64;
size_t aligned(size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}
}  // namespace

Store::Store(const Graph& graph, uint64_t seed, bool with_gradients) {
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
  parameters_ = Buffer(parameter_bytes);
  states_ = Buffer(state_bytes);
  if (with_gradients) {
    gradients_ = Buffer(parameter_bytes);
    momenta_ = Buffer(parameter_bytes);
  }
  initialize(graph, seed);
}

void Store::initialize(const Graph& graph, uint64_t seed) {
  uint64_t index = 0;
  for (const ValueInfo& v : graph.values()) {
    if (v.role != Role::parameter && v.role != Role::state) continue;
    const Tensor t = find(v.name);
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

Tensor Store::view(const Buffer& buffer, const Entry& entry) const {
  if (buffer.data() == nullptr) return {nullptr, entry.shape, entry.dtype, Layout::plain};
  return {buffer.data() + entry.offset, entry.shape, entry.dtype, Layout::plain};
}

Tensor Store::find(const std::string& name) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return {};
  return view(it->second.parameter ? parameters_ : states_, it->second);
}

Tensor Store::gradient(const std::string& parameter) const {
  return view(gradients_, entries_.at(parameter));
}

Tensor Store::momentum(const std::string& parameter) const {
  return view(momenta_, entries_.at(parameter));
}

int64_t Store::parameter_count() const {
  int64_t count = 0;
  for (const auto& [name, entry] : entries_) count += entry.parameter ? entry.shape.count() : 0;
  return count;
}

}  // namespace thorax
