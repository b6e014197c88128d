// The images that explain looks at, with what was marked in them by hand.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "data/manifest.h"

namespace thorax {

struct ExplainInput {
  std::filesystem::path file;
  std::vector<data::Box> truth;  // findings named as the model's classes
  std::vector<float> labels{};   // [classes], NaN where not known; empty: of an image that stands in no table
};

// Of the words behind the verb: files and folders, or one table (CSV) with --root and --split. --boxes FILE adds boxes
// (data/sets/boxes.h) to the images whose path ends with that name, with or without its ending. Throws Error(input), also where a
// table of boxes fits none of the images.
std::vector<ExplainInput> explain_inputs(const Flags& flags, const std::vector<std::string>& classes);

// f for each image until Ctrl-C. An image that cannot be read is named, and the others go on. Returns how many failed.
int64_t for_each_image(const std::vector<ExplainInput>& inputs, const char* what, const std::function<void(size_t)>& f);
// Behind that: of an interrupt, of failed images (which are counted on stderr), or 0.
int exit_code_of(int64_t failed, size_t images);

}  // namespace thorax
