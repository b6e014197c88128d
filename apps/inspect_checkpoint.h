// What is in a file of weights, of thorax or of another program (weights/weight_file.h).
#pragma once

#include <filesystem>
#include <string>

namespace thorax {

// For a person: format, size, checksum, metadata, and name, dtype and shape of each tensor. Names and metadata are made
// printable. model: how the tensors fit it; empty: left out.
std::string describe_checkpoint(const std::filesystem::path& file, const std::string& model);

// {"file", "format", "class", "bytes", "checksum": "fits" | "none", "metadata": {...}, "tensors": [{"name", "dtype", "shape",
// "bytes", "sha256"}], "fit": {...}} in one line; fit is there where a model is given. Both throw Fault::input when the file is
// refused.
std::string describe_checkpoint_json(const std::filesystem::path& file, const std::string& model);

}  // namespace thorax
