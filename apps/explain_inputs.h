// The images that explain looks at, with what was marked in them by hand.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "data/manifest.h"

namespace thorax {

struct ExplainInput {
  std::filesystem::path file;
  std::vector<data::Box> truth;  // findings named as the model's classes
};

// Of the words behind the verb: files and folders, or one table (CSV) with --root and --split. --boxes FILE adds boxes (columns
// image or image_id, class_name, x_min, y_min, x_max, y_max) to the images whose path ends with that name, with or without its
// ending. Throws Error(input), also where a table of boxes fits none of the images.
std::vector<ExplainInput> explain_inputs(const Flags& flags, const std::vector<std::string>& classes);

}  // namespace thorax
