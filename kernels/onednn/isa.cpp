#include "kernels/isa.h"

#include <dnnl.hpp>

#include "tensor/error.h"

namespace thorax {

namespace {

dnnl::cpu_isa effective_isa() {
  static const dnnl::cpu_isa set = dnnl::get_effective_cpu_isa();
  return set;
}

}  // namespace

Isa isa() {
  static const Isa set = [] {
    const auto found = static_cast<unsigned>(effective_isa());
    const auto has = [&](dnnl::cpu_isa wanted) {
      return (found & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
    };
    if (has(dnnl::cpu_isa::avx512_core)) return Isa::avx512;
    if (has(dnnl::cpu_isa::avx2)) return Isa::avx2;
    throw Error(Fault::machine, "this processor has no AVX2, which thorax needs");
  }();
  return set;
}

int channel_block() {
  return isa() == Isa::avx512 ? 16 : 8;
}

bool has_bf16() {
  const auto found = static_cast<unsigned>(effective_isa());
  const auto wanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
  return (found & wanted) == wanted;
}

std::string onednn_version() {
  const dnnl_version_t* v = dnnl::version();
  return str(v->major, '.', v->minor, '.', v->patch);
}

}  // namespace thorax
