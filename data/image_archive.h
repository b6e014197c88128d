// Images that are members of one file instead of files of their own.
#pragma once

#include "data/image.h"
#include "data/manifest.h"
#include "data/npy.h"

namespace thorax::data {

class ImageArchive {
 public:
  // array: [N,H,W] or [N,H,W,3] bytes; its images follow those added before. Throws Error(input) for another one.
  void add(NpyArray array, const std::string& where);
  int64_t images() const { return images_; }
  // Grey; colours as decode_image() makes them grey.
  Image image(int64_t member) const;

 private:
  std::vector<NpyArray> arrays_;
  int64_t images_ = 0;
};

// Of a row of the manifest: its file decoded, or its member of the archive. Throws as decode_image() does.
Image load_image(const Manifest& manifest, size_t row);

}  // namespace thorax::data
