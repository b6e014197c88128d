// Image files by name, where a data set says only that, and people keep them in folders of their own.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

namespace thorax::data {

// PNG, JPEG and DICOM by the end of the name, in small or large letters.
bool is_image_name(const std::filesystem::path& file);

class ImageIndex {
 public:
  // Every image below the folder, four folders deep.
  explicit ImageIndex(const std::filesystem::path& root);
  // name: with or without .png, .jpg, ... Where there is none, root / name, so that its absence can be told.
  std::filesystem::path find(const std::string& name) const;

 private:
  std::filesystem::path root_;
  std::unordered_map<std::string, std::filesystem::path> files_;
};

}  // namespace thorax::data
