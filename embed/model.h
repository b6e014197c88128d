// An open file.
#pragma once

#include "embed/reader.h"

struct thorax_model {
  thorax::embed::File file;
  thorax_host host;
  const void* mapping;  // NULL: the caller's memory
  size_t mapping_bytes;
};

namespace thorax::embed {

// The host's memory, else anonymous pages (zeroed). NULL: there is none.
void* take_memory(const thorax_host& host, size_t bytes, size_t align);
void give_memory(const thorax_host& host, void* memory, size_t bytes);

}  // namespace thorax::embed
