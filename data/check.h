// Unreadable images are found before a run begins.
#pragma once

#include "data/manifest.h"

namespace thorax::data {

struct Unreadable {
  size_t row;
  std::string reason;
};

class CachedImages;

// Every image that is missing, empty, of another format or truncated, in the order of the table. Nothing is decoded. Those in a
// cache were decoded when it was made; cache: nullptr without one.
std::vector<Unreadable> check_images(const Manifest& manifest, int threads, const CachedImages* cache = nullptr);

// Takes these rows out of the manifest.
void drop_rows(Manifest& manifest, const std::vector<Unreadable>& bad);

}  // namespace thorax::data
