// A test that cannot run here says so and is counted as skipped (tests/CMakeLists.txt looks for the mark).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace thorax::test {

inline void skip(const std::string& reason) {
  std::printf("[skipped] %s\n", reason.c_str());
}

// A folder of real data beside the checkout (or at THORAX_DATA); empty when it is not there.
inline std::filesystem::path data_folder(const std::string& name) {
  const char* root = std::getenv("THORAX_DATA");
  const std::filesystem::path base =
      root != nullptr ? std::filesystem::path(root) : std::filesystem::path(THORAX_SOURCE_DIR) / ".." / "shared" / "data";
  const auto folder = base / name;
  return std::filesystem::exists(folder) ? folder : std::filesystem::path();
}

}  // namespace thorax::test
