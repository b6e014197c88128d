#include "embed/isa.h"

#include "embed/thorax.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace thorax::embed {

#if defined(__x86_64__)

namespace {

struct Processor {
  bool avx2 = false, avx512 = false, sha = false, avx512_bf16 = false, amx_bf16 = false;
};

// What the processor has and the operating system saves.
Processor processor() {
  Processor p;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return p;
  const bool ssse3 = (c & 1U << 9) != 0, sse41 = (c & 1U << 19) != 0, fma = (c & 1U << 12) != 0;
  uint32_t saved = 0;
  if ((c & 1U << 27) != 0) {
    uint32_t high = 0;
    __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return p;
  p.sha = ssse3 && sse41 && (b & 1U << 29) != 0;
  p.avx2 = (saved & 6U) == 6U && fma && (b & 1U << 5) != 0;
  p.avx512 = p.avx2 && (saved & 0xe6U) == 0xe6U && (b & 1U << 16) != 0;
  const bool bw = (b & 1U << 30) != 0, vl = (b & 1U << 31) != 0, amx = (d & 1U << 24) != 0 && (d & 1U << 22) != 0;
  if (!p.avx512 || !bw || !vl || __get_cpuid_count(7, 1, &a, &b, &c, &d) == 0) return p;
  p.avx512_bf16 = (a & 1U << 5) != 0;
  p.amx_bf16 = p.avx512_bf16 && amx && (saved & 0x60000U) == 0x60000U;
  return p;
}

// Linux keeps the matrix registers' state, 8 KB, for those that ask for it.
bool tiles_granted() {
  constexpr long request = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
}

}  // namespace

const Kernels* kernels_up_to(int limit) {
  const Processor p = processor();
  switch (limit) {
    case THORAX_ISA_BEST:
    case THORAX_ISA_AMX:
    case THORAX_ISA_AVX512:
      if (p.avx512) return &avx512_kernels;
      [[fallthrough]];
    case THORAX_ISA_AVX2:
      if (p.avx2) return &avx2_kernels;
      [[fallthrough]];
    case THORAX_ISA_PORTABLE: return &portable_kernels;
    default: return nullptr;
  }
}

const Bf16Kernels* bf16_kernels_up_to(int limit) {
  const Processor p = processor();
  if (limit != THORAX_ISA_BEST && limit != THORAX_ISA_AMX && limit != THORAX_ISA_AVX512) return nullptr;
  if (limit != THORAX_ISA_AVX512 && p.amx_bf16 && tiles_granted()) return &amx_bf16_kernels;
  return p.avx512_bf16 ? &avx512_bf16_kernels : nullptr;
}

#else

const Bf16Kernels* bf16_kernels_up_to(int) {
  return nullptr;
}

const Kernels* kernels_up_to(int limit) {
  if (limit == THORAX_ISA_PORTABLE) return &portable_kernels;
#if defined(__aarch64__)
  if (limit == THORAX_ISA_BEST || limit == THORAX_ISA_NEON) return &neon_kernels;
#endif
  return limit == THORAX_ISA_BEST ? &portable_kernels : nullptr;
}

#endif

#if defined(__x86_64__)
StandardArithmetic::StandardArithmetic() : before_(_mm_getcsr()) {
  _mm_setcsr(0x1f80);
}
StandardArithmetic::~StandardArithmetic() {
  _mm_setcsr(static_cast<unsigned>(before_));
}
#elif defined(__aarch64__)
StandardArithmetic::StandardArithmetic() {
  __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
  __asm__ volatile("msr fpcr, %0" ::"r"(uint64_t{0}));
}
StandardArithmetic::~StandardArithmetic() {
  __asm__ volatile("msr fpcr, %0" ::"r"(before_));
}
#else
StandardArithmetic::StandardArithmetic() : before_(0) {}
StandardArithmetic::~StandardArithmetic() = default;
#endif

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("sha,sse4.1,ssse3"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("sha,sse4.1,ssse3")
#endif

namespace {

// FIPS 180-4, 6.2.2, four rounds at a time: w holds the schedule's last 16 words.
void blocks_sha(uint32_t state[8], const uint8_t* bytes, size_t count, const uint32_t* constants) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  // The instructions want a, b, e, f in one register and c, d, g, h in the other.
  const __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state)), 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4)), 0x1b);
  __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
  for (; count > 0; --count, bytes += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      __m128i& words = w[i % 4];
      if (i < 4) {
        words = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + i), swap);
      } else {
        const __m128i before = w[(i + 3) % 4];
        const __m128i middle = _mm_alignr_epi8(before, w[(i + 2) % 4], 4);
        words = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(words, w[(i + 1) % 4]), middle), before);
      }
      const __m128i sum = _mm_add_epi32(words, _mm_loadu_si128(reinterpret_cast<const __m128i*>(constants) + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

Sha256Blocks sha256_blocks() {
  return processor().sha ? blocks_sha : nullptr;
}

#else

Sha256Blocks sha256_blocks() {
  return nullptr;
}

#endif

}  // namespace thorax::embed
