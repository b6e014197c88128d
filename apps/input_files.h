// The images that a person names on the command line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace thorax {

// Files as given; folders: every file below them, sorted, so that the order is the same everywhere.
std::vector<std::filesystem::path> files_of(const std::vector<std::string>& words);

}  // namespace thorax
