#include "data/sets/image_index.h"

#include <algorithm>
#include <array>

#include "data/label.h"

namespace thorax::data {

bool is_image_name(const std::filesystem::path& file) {
  constexpr std::array<const char*, 5> endings{".png", ".jpg", ".jpeg", ".dcm", ".dicom"};
  const std::string ending = lower_case(file.extension().string());
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

ImageIndex::ImageIndex(const std::filesystem::path& root) : root_(root) {
  constexpr int deepest = 4;
  std::error_code error;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (std::filesystem::recursive_directory_iterator it(root, options, error), end; it != end; it.increment(error)) {
    if (error) break;
    if (it.depth() >= deepest) it.disable_recursion_pending();
    const std::filesystem::path& file = it->path();
    if (!is_image_name(file) || it->is_directory(error)) continue;
    // Of several files of one name the first in the alphabet, whatever order the folder has.
    for (const std::string& key : {file.filename().string(), file.stem().string()}) {
      const auto [known, fresh] = files_.emplace(key, file);
      if (!fresh && file < known->second) known->second = file;
    }
  }
}

std::filesystem::path ImageIndex::find(const std::string& name) const {
  const auto it = files_.find(name);
  return it == files_.end() ? root_ / name : it->second;
}

}  // namespace thorax::data
