// The fuzzers' corpus once more, without a fuzzer: replay FOLDER
#include <cstdio>
#include <filesystem>

#include "tests/embed/fuzz/targets.h"
#include "tests/temporary_folder.h"

using namespace thorax::test;

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  int files = 0;
  const auto check = [&](const std::string& bytes) {
    check_verify(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    check_open(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    ++files;
  };
  for (const uint32_t members : {1U, 2U})
    for (const bool dense : {true, false}) check(seed_file(members, dense));
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) check(read_text(entry.path()));
  std::printf("%d files\n", files);
  return files > 20 ? 0 : 1;
}
