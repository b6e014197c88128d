// What an exported model consists of and needs, as an SPDX 2.3 document in JSON.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace thorax {

// What one member of the model was made of.
struct SbomSource {
  std::filesystem::path weights;
  std::string architecture;
  std::string config;  // of its training, as TOML; empty: another program's
};

// content: of the file `name`. Dated by the environment's SOURCE_DATE_EPOCH, else 1970: what is the same has the same bytes.
// Throws Error(input) when a file of weights cannot be read.
std::string model_sbom(const std::string& name, const std::string& content, const std::vector<SbomSource>& sources);

}  // namespace thorax
