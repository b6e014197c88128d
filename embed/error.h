// Filling in a caller's thorax_error, without printf.
#pragma once

#include <cstring>

#include "embed/thorax.h"

namespace thorax::embed {

inline thorax_status fail(thorax_error* error, thorax_status code, const char* text, uint64_t offset = 0) {
  if (error == nullptr || error->size < sizeof(thorax_error)) return code;
  error->code = code;
  error->offset = offset;
  size_t i = 0;
  for (; text[i] != 0 && i + 1 < sizeof error->text; ++i) error->text[i] = text[i];
  error->text[i] = 0;
  return code;
}

// A caller's struct that may be of an older or a newer header: what it lacks is zero, what we do not know has to be. false: it is
// not to be used.
template <class T>
bool taken_over(const T* from, T* to) {
  memset(to, 0, sizeof *to);
  if (from == nullptr) return true;
  if (from->size < sizeof(size_t)) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(from);
  for (size_t i = sizeof *to; i < from->size; ++i)
    if (bytes[i] != 0) return false;
  memcpy(to, from, from->size < sizeof *to ? from->size : sizeof *to);
  return true;
}

}  // namespace thorax::embed
