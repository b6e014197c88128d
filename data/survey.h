// What the images of a table are: sizes, what cannot be read, and which are the same.
#pragma once

#include <functional>

#include "data/manifest.h"

namespace thorax::data {

struct ImageFacts {
  std::string reason;             // why it cannot be read; empty where it can
  int64_t height = 0, width = 0;  // 0 where not known without decoding
  uint64_t content = 0;           // XXH64 of the file's bytes (of an archive's member: of its grey pixels)
  uint64_t bytes = 0;
};

// Of every row, in its order. Files are read whole, nothing is decoded. after_image(): called after each, from any thread, never
// twice at a time.
std::vector<ImageFacts> survey_images(const Manifest& manifest, int threads, const std::function<void()>& after_image);

// Rows whose images have the same content, two or more together, in the order of the first of them.
std::vector<std::vector<size_t>> duplicates_of(const std::vector<ImageFacts>& facts);

// [C][C]: images in which both labels are positive; the diagonal: positives.
std::vector<std::vector<int64_t>> co_occurrence(const Manifest& manifest);

}  // namespace thorax::data
