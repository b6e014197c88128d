#include "bench/kernels/case.h"

#include "tensor/element.h"

namespace thorax::bench {

double hashed(uint64_t stream, int64_t i) {
  uint64_t x = static_cast<uint64_t>(i) + stream * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;  // splitmix64 (Steele, Lea & Flood 2014)
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((x ^ (x >> 31)) >> 40) * 0x1p-24;
}

double Inputs::at(size_t operand, int64_t i) const {
  const Operand& o = operands_[operand];
  const auto value = static_cast<float>(o.fill ? o.fill(i) : 2 * hashed(operand + 1, i) - 1);
  return static_cast<double>(is_real(o.dtype) ? rounded(o.dtype, value) : value);
}

double Inputs::at(size_t operand, int64_t n, int64_t c, int64_t h, int64_t w) const {
  const Shape& s = operands_[operand].shape;
  return at(operand, ((n * s[1] + c) * s[2] + h) * s[3] + w);
}

Operand activation(const Problem& p, const Stream& stream, std::string name, int64_t channels, Operand::Use use) {
  const Layout layout = stream.device == Device::cuda ? Layout::nhwc : Layout::blocked;
  return {std::move(name), {p["n"], channels, p["h"], p["w"]}, p.dtype, layout, use};
}

Operand array(std::string name, const Shape& shape, Operand::Use use, std::function<double(int64_t)> fill) {
  return {std::move(name), shape, DType::f32, Layout::plain, use, std::move(fill)};
}

std::vector<Kernel> kernels() {
  std::vector<Kernel> all;
  for (const auto& part : {batch_norm_kernels, statistics_kernels, pool_kernels, pointwise_kernels, convolution_kernels,
                           flat_kernels, residual_kernels}) {
    for (Kernel& k : part()) all.push_back(std::move(k));
  }
  return all;
}

}  // namespace thorax::bench
