// What an image's file is now, to be compared with what it was when it was cached.
#pragma once

#include "data/cache_file.h"
#include "data/manifest.h"
#include "data/preprocess.h"

namespace thorax::data {

// What made the planes: preprocessing, and the version of the program, whose decoders may differ.
std::string cache_key(const Recipe& recipe);

uint64_t name_of(const Manifest& manifest, size_t row);

// The file's size and times now; content, plane and checksum are 0. Throws Error(input) when there is no such file.
CacheRecord status_of(const Manifest& manifest, size_t row);

// XXH64 of the file's bytes, or of the member's pixels. Throws Error(input) when it cannot be read.
uint64_t content_of(const Manifest& manifest, size_t row);

// Whether the file is the one of the record: by size and times where these can be trusted, else by its content.
bool is_unaltered(const Manifest& manifest, size_t row, const CacheRecord& record);

}  // namespace thorax::data
