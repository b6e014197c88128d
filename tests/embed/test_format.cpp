#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "embed/reader.h"
#include "tensor/rng.h"
#include "tests/embed/made_model.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

constexpr uint32_t sections = embed::member_sections + embed::shared_sections;
constexpr size_t table_end = sizeof(embed::Header) + sections * sizeof(embed::Section);

// With some bytes of a section overwritten, and right checksums.
template <class T>
thorax_status changed(uint32_t section, size_t at, const T& value) {
  std::string file = small_file();
  std::memcpy(file.data() + section_of(file, section).offset + at, &value, sizeof value);
  return verified(repaired(file));
}

}  // namespace

TEST_CASE("format: what was written is accepted, and tells about itself") {
  CHECK(verified(small_file()) == THORAX_OK);
  const Opened opened(small_file());
  CHECK(std::string(thorax_class_name(opened.model, 0)) == "A");
  CHECK(std::string(thorax_class_name(opened.model, 2)) == "C");
  CHECK(thorax_class_name(opened.model, 3) == nullptr);
  CHECK(thorax_class_name(opened.model, -1) == nullptr);
  CHECK(std::string(thorax_metadata(opened.model, "thorax.config")) == "[a table]\nlines = 2\n");
  CHECK(thorax_metadata(opened.model, "thorax") == nullptr);
  float cutoff = 0;
  CHECK(thorax_threshold(opened.model, 0, &cutoff) == THORAX_OK);
  CHECK(cutoff == 0.25F);
  CHECK(thorax_threshold(opened.model, 1, &cutoff) == THORAX_UNSUPPORTED);
  CHECK(thorax_threshold(opened.model, 3, &cutoff) == THORAX_BAD_ARG);
  thorax_info info{};
  info.size = sizeof info;
  REQUIRE(thorax_describe(opened.model, &info) == THORAX_OK);
  CHECK(std::string(info.architecture) == "densenet_tiny");
  CHECK(info.members == 1);
  CHECK(info.classes == 3);
  CHECK(info.input_size == 64);
  CHECK(info.calibrated == 0);
}

TEST_CASE("format: every truncation is refused, and everything appended") {
  const std::string& file = small_file();
  for (size_t length = 0; length < file.size(); ++length) {
    const thorax_status status = thorax_verify(file.data(), length, nullptr);
    if (status == THORAX_OK) FAIL("accepted with " << length << " bytes");
  }
  CHECK(verified(file + std::string(1, '\0')) == THORAX_BAD_FILE);
  // Also where the header says that the file is as short as it is.
  for (size_t length = table_end; length < file.size(); length += 4093) {
    std::string cut = file.substr(0, length);
    const uint64_t size = length;
    std::memcpy(cut.data() + offsetof(embed::Header, file_size), &size, sizeof size);
    CHECK(verified(repaired(cut)) != THORAX_OK);
  }
}

TEST_CASE("format: every flipped bit of header and table is refused, also under a right checksum") {
  std::string file = small_file();
  for (size_t bit = 0; bit < 8 * table_end; ++bit) {
    CAPTURE(bit);
    const auto flip = static_cast<char>(1U << bit % 8);
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ flip);
    if (verified(file) == THORAX_OK) FAIL_CHECK("accepted");
    // The checksum itself and the hashes are what is repaired; the number of sections says how much.
    const size_t in_table = bit / 8 < sizeof(embed::Header) ? 0 : bit / 8 - sizeof(embed::Header);
    const size_t in_section = in_table % sizeof(embed::Section);
    const bool repairs = (bit / 8 >= 24 && bit / 8 < 32) || in_section >= offsetof(embed::Section, sha256);
    if (!repairs && verified(repaired(file, static_cast<uint32_t>(in_table / sizeof(embed::Section)))) == THORAX_OK)
      FAIL_CHECK("accepted with a right checksum");
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ flip);
  }
  CHECK(file == small_file());
}

TEST_CASE("format: a flipped bit anywhere behind the table is damage") {
  std::string file = small_file();
  for (uint64_t i = 0; i < 400; ++i) {
    const size_t at = table_end + Rng(1, 2).below(i, static_cast<uint32_t>(file.size() - table_end));
    const auto flip = static_cast<char>(1U << i % 8);
    file[at] = static_cast<char>(file[at] ^ flip);
    CHECK(verified(file) == THORAX_BAD_CHECKSUM);
    file[at] = static_cast<char>(file[at] ^ flip);
  }
}

TEST_CASE("format: content that cannot be is refused under right checksums") {
  constexpr uint32_t graph = 0, weights = 1, bias = 2, clamp = 3, recipe = 4, classes = 5, thresholds = 6, metadata = 7,
                     vectors = 8;
  const float infinite = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(changed(graph, 0, uint32_t{77}) == THORAX_UNSUPPORTED);
  CHECK(changed(graph, 0, uint32_t{1}) == THORAX_BAD_FILE);
  CHECK(changed(graph, 4, uint32_t{0}) == THORAX_BAD_FILE);
  CHECK(changed(graph, 4, uint32_t{4}) == THORAX_BAD_FILE);
  CHECK(changed(graph, 4, uint32_t{0xffffffff}) == THORAX_BAD_FILE);
  CHECK(changed(graph, 8, uint32_t{0xffffffff}) == THORAX_BAD_FILE);
  for (size_t at = sizeof(embed::GraphHeader); at < section_of(small_file(), graph).length; at += 4)
    CHECK(changed(graph, at, uint32_t{0x12345}) == THORAX_BAD_FILE);
  CHECK(changed(weights, 0, nan) == THORAX_BAD_FILE);
  CHECK(changed(weights, 4, infinite) == THORAX_BAD_FILE);
  CHECK(changed(weights, 4, -0.0F) == THORAX_BAD_FILE);
  CHECK(changed(weights, section_of(small_file(), weights).length - 4, 1.0F) == THORAX_BAD_FILE);  // padding
  CHECK(changed(bias, 4, nan) == THORAX_BAD_FILE);
  CHECK(changed(clamp, 0, infinite) == THORAX_BAD_FILE);
  std::array<float, 16> lowest{};  // upper ends of the classifier, below their lower ones
  lowest.fill(std::numeric_limits<float>::lowest());
  CHECK(changed(clamp, section_of(small_file(), clamp).length - sizeof lowest, lowest) == THORAX_BAD_FILE);
  CHECK(changed(recipe, 0, uint32_t{31}) == THORAX_BAD_FILE);
  CHECK(changed(recipe, 0, uint32_t{5000}) == THORAX_BAD_FILE);
  CHECK(changed(recipe, 4, uint32_t{2}) == THORAX_BAD_FILE);
  CHECK(changed(recipe, 16, 0.0F) == THORAX_BAD_FILE);
  CHECK(changed(recipe, 16, nan) == THORAX_BAD_FILE);
  CHECK(changed(classes, 0, uint32_t{2}) == THORAX_BAD_FILE);
  CHECK(changed(classes, 4, uint32_t{0xffffffff}) == THORAX_BAD_FILE);
  CHECK(changed(classes, 8, '\x1b') == THORAX_BAD_FILE);
  CHECK(changed(thresholds, 0, 0.0) == THORAX_BAD_FILE);
  CHECK(changed(thresholds, 16, nan) == THORAX_BAD_FILE);
  CHECK(changed(thresholds, 20, uint32_t{4}) == THORAX_BAD_FILE);
  CHECK(changed(metadata, 0, uint32_t{0xffffffff}) == THORAX_BAD_FILE);
  CHECK(changed(metadata, 4, uint32_t{0xfffffff0}) == THORAX_BAD_FILE);
  CHECK(changed(vectors, 0, uint32_t{0}) == THORAX_BAD_FILE);
  CHECK(changed(vectors, 0, uint32_t{3}) == THORAX_BAD_FILE);
  CHECK(changed(vectors, 4, uint32_t{65}) == THORAX_BAD_FILE);
  CHECK(changed(vectors, 8, uint32_t{2}) == THORAX_BAD_FILE);
}

TEST_CASE("format: random bytes under right checksums end no process") {
  const std::string& file = small_file();
  int accepted = 0;
  for (uint64_t i = 0; i < 300; ++i) {
    std::string mutant = file;
    const Rng rng(i, 9);
    const uint32_t kinds[] = {0, 3, 4, 5, 6, 7, 8};
    const embed::Section s = section_of(file, kinds[rng.below(0, 7)]);
    for (uint64_t k = 0; k < 1 + i % 4; ++k)
      mutant[s.offset + rng.below(2 * k + 1, static_cast<uint32_t>(s.length))] = static_cast<char>(rng.below(2 * k + 2, 256));
    accepted += verified(repaired(mutant)) == THORAX_OK ? 1 : 0;
  }
  CHECK(accepted < 300);
}

TEST_CASE("format: files that are none") {
  const TemporaryFolder folder;
  thorax_error error{};
  error.size = sizeof error;
  thorax_model* model = nullptr;
  CHECK(thorax_open((folder / "none").c_str(), nullptr, &model, &error) == THORAX_IO);
  CHECK(std::string(error.text) == "the file cannot be opened");
  CHECK(thorax_open(folder.path().c_str(), nullptr, &model, &error) == THORAX_IO);
  write_text(folder / "empty", "");
  CHECK(thorax_open((folder / "empty").c_str(), nullptr, &model, &error) == THORAX_BAD_FILE);
  write_text(folder / "text", std::string(1000, 'a'));
  CHECK(thorax_open((folder / "text").c_str(), nullptr, &model, &error) == THORAX_BAD_FILE);
  CHECK(model == nullptr);
  write_text(folder / "model.thx", small_file());
  REQUIRE(thorax_open((folder / "model.thx").c_str(), nullptr, &model, &error) == THORAX_OK);
  thorax_close(model);
  CHECK(thorax_open(nullptr, nullptr, &model, &error) == THORAX_BAD_ARG);
  CHECK(thorax_verify(nullptr, 0, &error) == THORAX_BAD_ARG);
}
