#include "apps/device.h"

#include <cstdio>

#include "apps/train_flags.h"
#include "kernels/isa.h"
#include "tensor/error.h"
#include "tensor/queue.h"

namespace thorax {

Flag device_flag() {
  return {"device", "auto|cpu|cuda", "where to compute; auto: on a GPU where there is one", "auto"};
}

int own_gpu(const std::optional<parallel::World>& world) {
  const size_t gpus = cuda_report().gpus.size();
  return world && gpus > 0 ? world->local_rank % static_cast<int>(gpus) : 0;
}

Stream stream_of(const Flags& flags) {
  const std::string& wanted = flags.choice("device", {"auto", "cpu", "cuda"});
  const int threads = threads_of(flags);
  const auto world = parallel::world_of_environment();
  if (wanted == "cuda") return gpu_stream(threads, own_gpu(world));
  if (wanted == "cpu" || !built_with_cuda()) return {Device::cpu, threads};
  try {
    return gpu_stream(threads, own_gpu(world));
  } catch (const Error& e) {
    std::fprintf(stderr, "note    %s; the CPU is used\n", e.what());
    return {Device::cpu, threads};
  }
}

Flag dtype_flag() {
  return {"dtype", "fp32|bf16|fp16", "of activations; weights are always fp32", "fp32"};
}

DType wanted_dtype(const Flags& flags) {
  const std::string& word = flags.choice("dtype", {"fp32", "bf16", "fp16"});
  return word == "bf16" ? DType::bf16 : word == "fp16" ? DType::f16 : DType::f32;
}

const char* dtype_word(DType dtype) {
  return dtype == DType::f32 ? "fp32" : dtype == DType::f16 ? "fp16" : name_of(dtype);
}

DType usable_dtype(DType wanted, const Stream& stream) {
  const bool has = stream.queue != nullptr ? stream.queue->gpu().has_bf16() : has_bf16();
  return wanted == DType::bf16 && !has ? DType::f32 : wanted;
}

std::vector<DType> dtypes_of(const Flags& flags, const Stream& stream) {
  const std::string& wanted = flags.choice("dtype", {"fp32", "bf16", "fp16", "both"});
  if (wanted == "fp16") return {DType::f16};
  const bool has = usable_dtype(DType::bf16, stream) == DType::bf16;
  if (wanted == "bf16" && !has) throw Error(Fault::machine, "bench: there is no bf16 arithmetic here", "thorax doctor says why");
  std::vector<DType> all;
  if (wanted != "bf16") all.push_back(DType::f32);
  if (wanted != "fp32" && has) all.push_back(DType::bf16);
  return all;
}

std::string device_text(const Stream& stream) {
  if (stream.queue != nullptr)
    return str(stream.queue->gpu().name, ", ", stream.queue->gpu().multiprocessors, " multiprocessors");
  return str("cpu, ", stream.threads, " threads, ", isa() == Isa::avx512 ? "AVX-512" : "AVX2");
}

}  // namespace thorax
