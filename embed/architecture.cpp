#include "embed/architecture.h"

#include <cstring>

namespace thorax::embed {

namespace {

const Architecture architectures[] = {
    {"densenet121", 1, true, false, {6, 12, 24, 16}},
    {"densenet169", 2, true, false, {6, 12, 32, 32}},
    {"densenet201", 3, true, false, {6, 12, 48, 32}},
    {"resnet18", 16, false, false, {2, 2, 2, 2}},
    {"resnet50", 17, false, true, {3, 4, 6, 3}},
    {"resnet101", 18, false, true, {3, 4, 23, 3}},
    // Small, with every kind of step: for tests of the format.
    {"densenet_tiny", 240, true, false, {2, 2, 2, 1}},
};

void add(Table* t, Kind kind, int in, int out, int kernel, int stride, Prologue prologue) {
  Layer layer;
  memset(&layer, 0, sizeof layer);
  layer.kind = kind;
  layer.in = static_cast<uint32_t>(in);
  layer.out = static_cast<uint32_t>(out);
  layer.kernel = static_cast<uint32_t>(kernel);
  layer.stride = static_cast<uint32_t>(stride);
  layer.prologue = prologue;
  layer.weights = t->weights;
  layer.bias = t->bias;
  layer.clamp = t->clamp;
  const uint32_t outputs = padded(layer.out);
  t->weights += static_cast<uint64_t>(outputs) * layer.in * layer.kernel * layer.kernel;
  t->bias += kind == Kind::classifier ? 2 * outputs : outputs;
  if (prologue != Prologue::none) t->clamp += 2 * layer.in;
  t->layers[t->count++] = layer;
}

int add_densenet(const Architecture& a, Table* t) {
  constexpr int growth = 32;
  int channels = 64;
  for (int block = 0; block < 4; ++block) {
    for (int i = 0; i < a.blocks[block]; ++i, channels += growth) {
      add(t, Kind::conv, channels, 4 * growth, 1, 1, Prologue::clamp);
      add(t, Kind::conv, 4 * growth, growth, 3, 1, Prologue::none);
    }
    if (block == 3) break;
    add(t, Kind::conv, channels, channels / 2, 1, 1, Prologue::clamp_pool);
    channels /= 2;
  }
  return channels;
}

// Per block: the branch's convolutions, and then the shortcut's where there is one.
int add_resnet(const Architecture& a, Table* t) {
  int channels = 64;
  for (int stage = 0, width = 64; stage < 4; ++stage, width *= 2) {
    for (int i = 0; i < a.blocks[stage]; ++i) {
      const int stride = stage > 0 && i == 0 ? 2 : 1;
      const int out = a.bottleneck ? 4 * width : width;
      if (a.bottleneck) {
        add(t, Kind::conv, channels, width, 1, 1, Prologue::none);
        add(t, Kind::conv, width, width, 3, stride, Prologue::none);
        add(t, Kind::conv, width, out, 1, 1, Prologue::none);
      } else {
        add(t, Kind::conv, channels, width, 3, stride, Prologue::none);
        add(t, Kind::conv, width, width, 3, 1, Prologue::none);
      }
      if (stride != 1 || channels != out) add(t, Kind::conv, channels, out, 1, stride, Prologue::none);
      channels = out;
    }
  }
  return channels;
}

}  // namespace

const Architecture* find_architecture(uint32_t id) {
  for (const Architecture& a : architectures)
    if (a.id == id) return &a;
  return nullptr;
}

const Architecture* find_architecture(const char* name) {
  for (const Architecture& a : architectures)
    if (strcmp(a.name, name) == 0) return &a;
  return nullptr;
}

void build_table(const Architecture& a, int classes, Table* t) {
  memset(t, 0, sizeof *t);
  add(t, Kind::stem, 1, 64, 7, 2, Prologue::none);
  t->features = a.dense ? add_densenet(a, t) : add_resnet(a, t);
  add(t, Kind::classifier, t->features, classes, 1, 1, a.dense ? Prologue::clamp : Prologue::none);
}

int map_size(const Architecture& a, int input) {
  int size = halved(halved(input));
  for (int i = 0; i < 3; ++i) size = a.dense ? size / 2 : halved(size);
  return size;
}

}  // namespace thorax::embed
