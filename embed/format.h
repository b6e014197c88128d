// The .thx file, version 1: a header of 64 bytes, a table of sections, the sections. Little endian. Everything has one place:
// sections stand in the order of `sections_of`, each at the next multiple of its alignment, zeros between them, nothing behind.
#pragma once

#include <cstddef>
#include <cstdint>

#include "embed/architecture.h"

namespace thorax::embed {

constexpr uint8_t magic[8] = {0x89, 'T', 'H', 'X', '\r', '\n', 0x1a, '\n'};
constexpr uint32_t format_version = 1;
constexpr uint32_t endian_tag = 0x01020304;

struct Header {
  uint8_t magic[8];
  uint32_t version, endian;
  uint64_t file_size;
  uint32_t sections;
  uint32_t crc;  // CRC-32C of header and table, taken with 0 here
  uint8_t reserved[32];
};
static_assert(sizeof(Header) == 64, "the format");

enum class SectionType : uint32_t {
  // Of every member:
  graph = 1,
  weights = 2,  // fp32
  bias = 3,
  clamp = 4,
  // Of the whole:
  preprocess = 5,
  classes = 6,
  thresholds = 7,
  metadata = 8,
  vectors = 9,
  // Places that are kept: 10 bf16 weights, 11 int8 weights, 12 their scales, 13 a signature.
};
constexpr uint32_t member_sections = 4;
constexpr uint32_t shared_sections = 5;

struct Section {
  uint32_t type, member;
  uint64_t offset, length;
  uint32_t alignment, reserved;
  uint8_t sha256[32];
};
static_assert(sizeof(Section) == 64, "the format");

inline uint32_t alignment_of(SectionType type) {
  return type == SectionType::weights ? 4096 : 64;
}

// GRAPH: this, then Layer[layers].
struct GraphHeader {
  uint32_t architecture, classes, layers, reserved;
};

// PREPROCESS
struct RecipeRecord {
  uint32_t size;
  uint32_t pad;       // 1: the aspect ratio is kept, zero around it; 0: stretched
  uint32_t equalize;  // 1: histogram equalisation before
  float mean, std;
  uint32_t reserved;
};

// THRESHOLDS: one per class.
struct ThresholdRecord {
  double slope, offset;  // calibrated = sigmoid(slope * logit + offset)
  float threshold;
  uint32_t flags;  // 1: has a threshold, 2: is calibrated
};

// CLASSES: u32 count, then per class a text. METADATA: u32 count, then per entry a key's and a value's text. A text is a u32
// length and that many bytes of UTF-8 without control characters (but line feeds and tabs in values), and one zero byte.

// VECTORS: this, then per vector u64 seed and float logits [members][classes].
struct VectorsHeader {
  uint32_t count, size, classes, max_ulp;
};

constexpr uint64_t aligned_up(uint64_t at, uint64_t to) {
  return (at + to - 1) / to * to;
}

// The k-th section's type and member, in a file of `members`.
inline SectionType section_type(uint32_t k, uint32_t members) {
  return k < member_sections * members ? static_cast<SectionType>(k % member_sections + 1)
                                       : static_cast<SectionType>(k - member_sections * members + member_sections + 1);
}
inline uint32_t section_member(uint32_t k, uint32_t members) {
  return k < member_sections * members ? k / member_sections : 0;
}

// The grey bytes of a known-answer image: a blot of noise, a function of the seed alone. pixels: [size,size].
inline void vector_image(uint64_t seed, int size, uint8_t* pixels) {
  uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
  for (int i = 0; i < size * size; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto noise = static_cast<int>(state >> 58);
    pixels[i] = static_cast<uint8_t>((i / size * 96 + i % size * 96) / size + noise);
  }
}

}  // namespace thorax::embed
