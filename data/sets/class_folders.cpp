#include <algorithm>

#include "data/sets/image_index.h"
#include "data/sets/readers.h"

namespace thorax::data {

namespace {

namespace fs = std::filesystem;

// Sorted, so that rows and classes are the same on every file system. Hidden ones are left out.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory(error) && it->path().filename().string()[0] != '.') folders.push_back(it->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<fs::path> images_below(const fs::path& folder) {
  std::vector<fs::path> images;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(folder, options, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error) && is_image_name(it->path()) && it->path().filename().string()[0] != '.')
      images.push_back(it->path());
  }
  std::sort(images.begin(), images.end());
  return images;
}

struct ClassFolder {
  fs::path folder;
  Split split;
};

// root/CLASS/..., or root/train/CLASS/..., root/val/CLASS/...
std::vector<ClassFolder> class_folders(const fs::path& root) {
  const std::vector<fs::path> folders = folders_in(root);
  const bool splits = !folders.empty() && std::all_of(folders.begin(), folders.end(), [](const fs::path& f) {
    return read_split(f.filename().string()).has_value();
  });
  std::vector<ClassFolder> found;
  for (const fs::path& folder : folders) {
    if (!splits) {
      found.push_back({folder, Split::none});
      continue;
    }
    for (const fs::path& inner : folders_in(folder)) found.push_back({inner, *read_split(folder.filename().string())});
  }
  return found;
}

}  // namespace

// Every image has one class: the name of its folder.
void read_class_folders(const ManifestOptions& options, Manifest& manifest) {
  const fs::path& root = options.table;
  manifest.set = "a folder per class";
  std::vector<ClassFolder> folders = class_folders(root);
  std::vector<std::string> classes = options.labels;
  std::vector<std::vector<fs::path>> images;
  for (const ClassFolder& f : folders) {
    const std::string name = f.folder.filename().string();
    images.push_back(images_below(f.folder));
    if (options.labels.empty() && !images.back().empty() && std::find(classes.begin(), classes.end(), name) == classes.end())
      classes.push_back(name);
  }
  if (options.labels.empty()) std::sort(classes.begin(), classes.end());
  for (size_t i = 0; i < folders.size(); ++i) {
    const auto k = std::find(classes.begin(), classes.end(), folders[i].folder.filename().string());
    for (const fs::path& file : images[i]) {
      Row row;
      row.file = file;
      row.image = row.patient = file.lexically_relative(root).string();
      row.split = folders[i].split;
      row.labels.assign(classes.size(), 0.0F);
      if (k != classes.end()) row.labels[static_cast<size_t>(k - classes.begin())] = 1.0F;
      manifest.rows.push_back(std::move(row));
    }
  }
  if (manifest.rows.empty())
    throw Error(Fault::input,
                str(root.string(), ": a folder without a table that is known, and without images in folders by class"),
                "labels.csv, train.csv, ... or CLASS/*.png is expected");
  for (const std::string& name : classes) {
    if (std::none_of(folders.begin(), folders.end(), [&](const ClassFolder& f) { return f.folder.filename() == name; }))
      throw Error(Fault::input, str(root.string(), ": no folder is named ", quoted(name)));
  }
  manifest.classes = std::move(classes);
}

}  // namespace thorax::data
