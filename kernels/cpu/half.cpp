#include "kernels/half.h"

#include "kernels/cpu/partial.h"

namespace thorax::cpu::THORAX_ISA {

namespace {

// By whole vectors; the last, smaller one by way of a copy.
template <class From, class To>
void convert(const Stream& stream, const From* from, To* to, int64_t count) {
  parallel_pieces(stream.threads, count, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + block <= end; i += block) store(to + i, load(from + i));
    if (i == end) return;
    From last[THORAX_BLOCK] = {};
    To converted[THORAX_BLOCK];
    std::memcpy(last, from + i, static_cast<size_t>(end - i) * sizeof(From));
    store(converted, load(last));
    std::memcpy(to + i, converted, static_cast<size_t>(end - i) * sizeof(To));
  });
}

}  // namespace

void half_to_single(const Stream& stream, const f16* from, float* to, int64_t count) {
  convert(stream, from, to, count);
}

void single_to_half(const Stream& stream, const float* from, f16* to, int64_t count) {
  convert(stream, from, to, count);
}

}  // namespace thorax::cpu::THORAX_ISA
