// What is in a radiograph's file, and what happens to its pixels until they are grey bytes.
#pragma once

#include <filesystem>
#include <string>

namespace thorax {

// By the first bytes: DICOM, PNG or JPEG. False also when it cannot be read.
bool is_image_file(const std::filesystem::path& path);

// For a person, a line per fact, or as one JSON object in one line (docs/cli.md). Of the patient: sex and age, and whether there
// is an ID, never the ID. preview, if not empty: the grey bytes as PNG. Throws Error.
std::string describe_image(const std::filesystem::path& path, bool json, const std::filesystem::path& preview);

}  // namespace thorax
