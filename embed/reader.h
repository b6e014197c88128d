// Reads and checks .thx files in memory. Nothing is believed before it has been compared with what is possible.
#pragma once

#include "embed/error.h"
#include "embed/format.h"

namespace thorax::embed {

// One network of a file.
struct Member {
  const Architecture* architecture;
  const float *weights, *bias, *clamp;
  Table table;
};

// A file that has passed. Points into it.
struct File {
  uint32_t members, classes;
  RecipeRecord recipe;
  const ThresholdRecord* thresholds;
  const uint8_t* class_texts;  // behind the count
  const uint8_t* metadata;     // behind the count
  uint32_t metadata_count;
  VectorsHeader vectors;
  const uint8_t* vector_records;
  uint8_t sha256[32];  // of header and table, which hold the hashes of the rest
  Member member[max_members];
};

// table: room for one, used while checking. out: NULL, or filled in.
thorax_status read_file(const void* bytes, size_t count, Table* table, File* out, thorax_error* error);

// The i-th text behind `texts`, which has been checked.
const char* text_at(const uint8_t* texts, uint32_t i);

}  // namespace thorax::embed
