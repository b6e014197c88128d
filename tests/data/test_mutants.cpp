#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "data/gdcm.h"
#include "data/image.h"
#include "tensor/error.h"
#include "tensor/rng.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

std::vector<std::filesystem::path> seeds() {
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"tests/data/dicom_files", "tests/data/files"}) {
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(THORAX_SOURCE_DIR) / folder)) {
      const std::string kind = entry.path().extension().string();
      if (kind == ".dcm" || kind == ".png" || kind == ".jpg") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Bits flipped, numbers of a header made extreme, a part left out, doubled or filled, the end cut off: one to three of these.
class Mutator {
 public:
  explicit Mutator(uint64_t number) : rng_(2026, number) {}

  std::string operator()(std::string bytes) {
    for (size_t n = 1 + draw(3); n > 0 && bytes.size() > 8; --n) change(bytes);
    return bytes;
  }

 private:
  size_t draw(size_t n) { return static_cast<size_t>(rng_.bits(next_++) % n); }

  void change(std::string& b) {
    // Half of the changes hit the first 600 bytes, where the headers are.
    const size_t at = draw(2) == 0 ? draw(b.size()) : draw(std::min<size_t>(b.size(), 600));
    const size_t length = 1 + draw(std::min<size_t>(64, b.size() - at));
    switch (draw(6)) {
      case 0: b[at] = static_cast<char>(b[at] ^ (1 << draw(8))); break;
      case 1: b.replace(at, std::min<size_t>(4, b.size() - at), extreme()); break;
      case 2: b.erase(at, length); break;
      case 3: b.insert(at, b.substr(at, length)); break;
      case 4: b.replace(at, length, std::string(length, static_cast<char>(draw(2) * 255))); break;
      default: b.resize(at);
    }
  }
  std::string extreme() {
    constexpr std::array<uint32_t, 7> numbers{0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 0x00010000};
    const uint32_t v = numbers[draw(numbers.size())];
    std::string text;
    for (int shift : {0, 8, 16, 24}) text += static_cast<char>(v >> shift);
    return text.substr(0, draw(2) == 0 ? 2 : 4);
  }

  Rng rng_;
  uint64_t next_ = 0;
};

struct Fates {
  int images = 0, errors = 0;
};

// Every one ends as an image or as one line, within ten seconds.
Fates try_mutants(uint64_t count) {
  const TemporaryFolder folder;
  const std::vector<std::filesystem::path> files = seeds();
  REQUIRE(files.size() > 50);
  Fates fates;
  for (uint64_t i = 0; i < count; ++i) {
    const std::filesystem::path& seed = files[i % files.size()];
    CAPTURE(i);
    CAPTURE(seed.filename().string());
    write_text(folder / "mutant", Mutator(i)(read_text(seed)));
    const auto begin = std::chrono::steady_clock::now();
    try {
      const Image image = decode_image(folder / "mutant");
      REQUIRE(image.grey.size() == static_cast<size_t>(image.height * image.width));
      ++fates.images;
    } catch (const Error& e) {
      const std::string said = e.what();
      REQUIRE_MESSAGE(e.fault() == Fault::input, said);
      REQUIRE_MESSAGE(said.find('\n') == std::string::npos, said);
      REQUIRE_MESSAGE(said.find("CANARY") == std::string::npos, said);
      ++fates.errors;
    }
    REQUIRE(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
    why_unreadable(folder / "mutant");
  }
  return fates;
}

}  // namespace

TEST_CASE("mutants: damaged images are each an image or one line, within ten seconds") {
  if (!gdcm_codec::available()) return skip("built without GDCM");
  const char* asked = std::getenv("THORAX_MUTANTS");
  const Fates fates = try_mutants(asked == nullptr ? 300 : std::strtoull(asked, nullptr, 10));
  MESSAGE(fates.images, " images, ", fates.errors, " errors");
  CHECK(fates.errors > 100);
  CHECK(fates.images > 5);
}
