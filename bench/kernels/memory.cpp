#include "bench/kernels/memory.h"

#include <cmath>
#include <cstring>

#include "kernels/isa.h"
#include "tensor/element.h"
#include "tensor/queue.h"

namespace thorax::bench {

namespace {

constexpr size_t grain = 4096;

size_t room(const Operand& o) {
  return (static_cast<size_t>(o.shape.count()) * size_of(o.dtype) + grain - 1) / grain * grain;
}

// Where element i of the plain order lies.
int64_t offset(const Shape& s, Layout layout, int64_t block, int64_t i) {
  if (layout == Layout::plain) return i;
  const Index p(s, i);
  if (layout == Layout::nhwc) return ((p.n * s[2] + p.h) * s[3] + p.w) * s[1] + p.c;
  return (((p.n * (s[1] / block) + p.c / block) * s[2] + p.h) * s[3] + p.w) * block + p.c % block;
}

void put(const Tensor& t, int64_t at, double value) {
  switch (t.dtype) {
    case DType::u8: t.as<uint8_t>()[at] = static_cast<uint8_t>(value); break;
    case DType::i64: t.as<int64_t>()[at] = static_cast<int64_t>(value); break;
    default: set_element(t, at, static_cast<float>(value));
  }
}

double get(const Tensor& t, int64_t at) {
  switch (t.dtype) {
    case DType::u8: return t.as<uint8_t>()[at];
    case DType::i64: return static_cast<double>(t.as<int64_t>()[at]);
    default: return static_cast<double>(element(t, at));
  }
}

void fill(const Tensor& t, const Inputs& inputs, size_t operand, int threads) {
  const int64_t block = channel_block(), count = t.count();
#pragma omp parallel for num_threads(threads)
  for (int64_t i = 0; i < count; ++i) put(t, offset(t.shape, t.layout, block, i), inputs.at(operand, i));
}

}  // namespace

size_t Memory::bytes_of(const Case& c) {
  size_t sum = 0;
  for (const Operand& o : c.operands) sum += room(o);
  return sum;
}

Memory::Memory(const Case& c, const Stream& stream, size_t sets) : stream_(stream) {
  const size_t whole = bytes_of(c);
  const bool on_gpu = stream.queue != nullptr;
  device_ = Buffer(whole * sets, on_gpu ? Place::gpu : Place::host);
  host_ = Buffer(whole);
  const Inputs inputs(c.operands);
  std::byte* at = host_.data();
  for (size_t k = 0; k < c.operands.size(); ++k) {
    const Operand& o = c.operands[k];
    fill({at, o.shape, o.dtype, o.layout}, inputs, k, stream.threads);
    at += room(o);
  }
  for (size_t i = 0; i < sets; ++i) {
    std::byte* to = device_.data() + i * whole;
    if (on_gpu) {
      stream.queue->copy(to, host_.data(), whole);
    } else {
      std::memcpy(to, host_.data(), whole);
    }
    tensors_.emplace_back();
    for (const Operand& o : c.operands) {
      tensors_.back().push_back({to, o.shape, o.dtype, o.layout});
      to += room(o);
    }
  }
  if (on_gpu) stream.queue->wait();
}

void Memory::fetch(size_t operand) {
  fetched_ = operand;
  if (stream_.queue == nullptr) return;
  const Tensor& t = tensors_[0][operand];
  stream_.queue->copy(host_.data(), t.data, t.bytes());
  stream_.queue->wait();
}

double Memory::read(size_t operand, int64_t i) const {
  if (operand != fetched_) throw Error(Fault::defect, "bench: an operand is read that was not fetched");
  Tensor t = tensors_[0][operand];
  if (stream_.queue != nullptr) t.data = host_.data();
  return get(t, offset(t.shape, t.layout, channel_block(), i));
}

}  // namespace thorax::bench
