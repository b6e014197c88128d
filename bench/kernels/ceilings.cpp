#include "bench/kernels/ceilings.h"

#include <immintrin.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "kernels/conv2d.h"
#include "kernels/isa.h"
#include "tensor/buffer.h"
#include "tensor/json.h"
#include "tensor/queue.h"

namespace thorax::bench {

namespace {

constexpr size_t copied_bytes = size_t{256} << 20;
constexpr int rounds = 7;

// Stores past the caches: the lines that are overwritten are not read first.
void stream_copy(std::byte* to, const std::byte* from, size_t bytes, int threads) {
  const auto count = static_cast<int64_t>(bytes / sizeof(__m128i));
#pragma omp parallel for num_threads(threads)
  for (int64_t i = 0; i < count; ++i)
    _mm_stream_si128(reinterpret_cast<__m128i*>(to) + i, _mm_load_si128(reinterpret_cast<const __m128i*>(from) + i));
  _mm_sfence();
}

double best_of(const Stream& stream, const std::function<void()>& work) {
  work();
  double best = 1e30;
  for (int i = 0; i < rounds; ++i) best = std::min(best, seconds_of(stream, work));
  return best;
}

double copy_rate(const Stream& stream) {
  const Place place = stream.queue != nullptr ? Place::gpu : Place::host;
  const Buffer from(copied_bytes, place), to(copied_bytes, place);
  if (stream.queue != nullptr) {
    stream.queue->fill(from.data(), 1, copied_bytes);
  } else {
    std::fill_n(from.data(), copied_bytes, std::byte{1});  // fresh pages are not read from memory
  }
  const double s = best_of(stream, [&] {
    if (stream.queue != nullptr) {
      stream.queue->copy(to.data(), from.data(), copied_bytes);
    } else {
      stream_copy(to.data(), from.data(), copied_bytes, stream.threads);
    }
  });
  return 2 * static_cast<double>(copied_bytes) / s;
}

double gemm_rate(const Stream& stream, DType dtype) {
  const int64_t side = stream.queue != nullptr ? 64 : 28;
  const Conv2dShape shape{8, 512, side, side, 512, 1, 1, 0, dtype, false};
  const ConvForward conv(shape, {false, stream.threads, 1}, stream);
  const Place place = stream.queue != nullptr ? Place::gpu : Place::host;
  const size_t bytes = static_cast<size_t>(shape.images * shape.in_channels * side * side) * size_of(dtype);
  const Buffer x(bytes, place), y(bytes, place), packed(conv.packed_bytes(), place), workspace(conv.workspace_bytes(), place);
  if (stream.queue == nullptr)
    std::fill_n(x.data(), bytes, std::byte{0x3c}), std::fill_n(packed.data(), packed.bytes(), std::byte{0x3c});
  const double s = best_of(stream, [&] { conv.run(stream, 0, x.data(), packed.data(), y.data(), workspace.data()); });
  return shape.flops() / s;
}

}  // namespace

double seconds_of(const Stream& stream, const std::function<void()>& work) {
  if (stream.queue != nullptr) return stream.queue->seconds(work);
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

size_t cache_bytes(const Stream& stream) {
  if (stream.queue != nullptr) return stream.queue->gpu().cache_bytes;
  const long found = sysconf(_SC_LEVEL3_CACHE_SIZE);
  return found > 0 ? static_cast<size_t>(found) : size_t{32} << 20;
}

Ceilings measure_ceilings(const Stream& stream) {
  Ceilings c;
  c.copy = copy_rate(stream);
  c.gemm_f32 = gemm_rate(stream, DType::f32);
  const bool bf16 = stream.queue != nullptr ? stream.queue->gpu().has_bf16() : has_bf16();
  if (bf16) c.gemm_bf16 = gemm_rate(stream, DType::bf16);
  if (stream.queue != nullptr) c.gemm_f16 = gemm_rate(stream, DType::f16);
  return c;
}

std::string Ceilings::text() const {
  std::array<char, 128> line{};
  std::snprintf(line.data(), line.size(), "copy %.1f GB/s, matrix product %.3f TFLOP/s in fp32", copy * 1e-9, gemm_f32 * 1e-12);
  std::string all = line.data();
  for (const auto& [rate, name] : {std::pair{gemm_bf16, "bf16"}, std::pair{gemm_f16, "fp16"}}) {
    if (rate <= 0) continue;
    std::snprintf(line.data(), line.size(), ", %.3f in %s", rate * 1e-12, name);
    all += line.data();
  }
  return all;
}

std::string Ceilings::json() const {
  return str("{\"copy_gb_s\":", json_number(copy * 1e-9), ",\"gemm_f32_tflop_s\":", json_number(gemm_f32 * 1e-12),
             ",\"gemm_bf16_tflop_s\":", json_number(gemm_bf16 * 1e-12), ",\"gemm_f16_tflop_s\":", json_number(gemm_f16 * 1e-12),
             '}');
}

}  // namespace thorax::bench
