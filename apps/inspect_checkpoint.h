// What is in a safetensors file, of thorax or of another program.
#pragma once

#include <filesystem>
#include <string>

namespace thorax {

// For a person: size, checksum, metadata, and name, dtype and shape of each tensor. Names and metadata are made printable.
std::string describe_checkpoint(const std::filesystem::path& file);

// {"file", "bytes", "checksum": "fits" | "none", "metadata": {...}, "tensors": [{"name", "dtype", "shape", "bytes"}]} in one
// line. Both throw Fault::input when the file is refused.
std::string describe_checkpoint_json(const std::filesystem::path& file);

}  // namespace thorax
