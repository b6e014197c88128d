// The networks that the library knows, as tables of layers. A file says which one it holds; its GRAPH section has to be, byte for
// byte, the table that is made here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thorax::embed {

constexpr int lanes = 16;  // channels of a block, in memory and in files
constexpr int max_layers = 208;
constexpr int max_classes = 512;
constexpr int max_members = 8;
constexpr int max_input = 4096;
constexpr int min_input = 32;
constexpr int max_channels = 2048;

enum class Kind : uint32_t { stem = 1, conv = 2, classifier = 3 };
// What happens to the input on its way in: clamp is batch norm + ReLU in front of a 1x1 convolution (docs/embedding.md).
enum class Prologue : uint32_t { none = 0, clamp = 1, clamp_pool = 2 };

// One convolution with all that was folded into it; the classifier is a 1x1 one. Offsets count floats.
struct Layer {
  Kind kind;
  uint32_t in, out, kernel, stride;
  Prologue prologue;
  uint64_t weights;  // in WEIGHTS: [padded out/16][in][kernel][kernel][16]
  uint32_t bias;     // in BIAS: [padded out]; behind the classifier's the constants of its maps, as many
  uint32_t clamp;    // in CLAMP: low [in], high [in]
};
static_assert(sizeof(Layer) == 40, "the format of GRAPH");

struct Architecture {
  const char* name;
  uint32_t id;
  bool dense;       // DenseNet, else ResNet
  bool bottleneck;  // of a ResNet
  int blocks[4];
};

// NULL: no such network.
const Architecture* find_architecture(uint32_t id);
const Architecture* find_architecture(const char* name);

struct Table {
  int count;
  int features;      // channels of the last map
  uint64_t weights;  // floats in all
  uint32_t bias, clamp;
  Layer layers[max_layers];
};

void build_table(const Architecture& architecture, int classes, Table* table);

// Outputs come in pairs of blocks.
inline uint32_t padded(uint32_t out) {
  return (out + 2 * lanes - 1) / (2 * lanes) * (2 * lanes);
}

// Sides of the maps: a convolution of kernel 2*pad + 1, and the maximum pool behind the stem, have the same rule.
inline int halved(int size) {
  return (size - 1) / 2 + 1;
}

// Side of the last map.
int map_size(const Architecture& architecture, int input);

}  // namespace thorax::embed
