// In place of embed/architecture.cpp: networks so small that their files have a few KB. They are read, never run.
#include <cstring>

#include "embed/architecture.h"

namespace thorax::embed {

namespace {

const Architecture architectures[] = {
    {"densenet_fuzz", 241, true, false, {0, 0, 0, 0}},
    {"resnet_fuzz", 242, false, false, {0, 0, 0, 0}},
};

void add(Table* t, Kind kind, uint32_t in, uint32_t out, Prologue prologue) {
  t->layers[t->count++] = {kind, in, out, 1, 1, prologue, t->weights, t->bias, t->clamp};
  t->weights += uint64_t{padded(out)} * in;
  t->bias += (kind == Kind::classifier ? 2 : 1) * padded(out);
  if (prologue != Prologue::none) t->clamp += 2 * in;
}

}  // namespace

const Architecture* find_architecture(uint32_t id) {
  for (const Architecture& a : architectures)
    if (a.id == id) return &a;
  return nullptr;
}

void build_table(const Architecture& a, int classes, Table* t) {
  memset(t, 0, sizeof *t);
  add(t, Kind::stem, 1, 4, Prologue::none);
  add(t, Kind::conv, 4, 8, a.dense ? Prologue::clamp_pool : Prologue::none);
  t->features = 8;
  add(t, Kind::classifier, 8, static_cast<uint32_t>(classes), a.dense ? Prologue::clamp : Prologue::none);
}

int map_size(const Architecture& a, int input) {
  return a.dense ? input / 32 : (input + 31) / 32;
}

}  // namespace thorax::embed
