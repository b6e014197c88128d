#include <doctest/doctest.h>

#include "data/check.h"
#include "data/image_archive.h"
#include "data/inflate.h"
#include "data/loader.h"
#include "data/zip.h"
#include "tensor/rng.h"
#include "tests/data/set_files.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

const std::filesystem::path files = std::filesystem::path(THORAX_SOURCE_DIR) / "tests/data/files";

Manifest read(const std::filesystem::path& table, const Names& labels = {}) {
  ManifestOptions options;
  options.table = table;
  options.labels = labels;
  return read_manifest(options);
}

// What reading ends in; whatever the damage, an Error(input) or a table.
std::string outcome(const std::filesystem::path& file) {
  try {
    read(file);
    return {};
  } catch (const Error& e) {
    REQUIRE(e.fault() == Fault::input);
    return e.what();
  }
}

}  // namespace

TEST_CASE("archives: a table in gzip, of two members") {
  const Manifest m = read(files / "two_members.csv.gz");
  CHECK(m.classes == Names{"A", "B"});
  REQUIRE(m.rows.size() == 2);
  CHECK(labels_of(m.rows[1]) == "0?");
  const std::string whole = read_text(files / "two_members.csv.gz");
  const TemporaryFolder folder;
  write_text(folder / "t.csv.gz", whole.substr(0, whole.size() - 12));
  CHECK(has(outcome(folder / "t.csv.gz"), "cut off"));
  write_text(folder / "t.csv.gz", whole.substr(0, 12) + '\x07' + whole.substr(13));
  CHECK(has(outcome(folder / "t.csv.gz"), "t.csv.gz: damaged compressed data"));
}

TEST_CASE("archives: what comes out is limited, not what a header says") {
  const std::string packed = read_text(files / "two_members.csv.gz");
  CHECK(inflate(packed, Deflated::gzip, 29, "x").size() == 29);
  CHECK(has(input_error([&] { inflate(packed, Deflated::gzip, 28, "x"); }), "x: more than 28 bytes when it is unpacked"));
}

TEST_CASE("archives: MedMNIST, its splits, labels and images") {
  const Manifest m = read(files / "pneumoniamnist_tiny.npz");
  CHECK(m.set == "MedMNIST");
  CHECK(m.classes == Names{"pneumonia"});
  REQUIRE(m.rows.size() == 6);
  CHECK(m.of(Split::train).size() == 3);
  CHECK(m.of(Split::test) == std::vector<size_t>{4, 5});
  CHECK(labels_of(m.rows[0]) == "1");
  CHECK(labels_of(m.rows[3]) == "0");
  CHECK(m.rows[1].image == "train/1");
  CHECK(check_images(m, 2).empty());
  const Image image = load_image(m, 1);
  CHECK(image.height == 4);
  CHECK(image.width == 5);
  CHECK(image.grey[0] == 141);  // (7 * 20 + 1) % 256
  CHECK(load_image(m, 5).grey[3] == (7 * 23 + 1) % 256);
  Recipe recipe;
  recipe.size = 8;
  Loader loader(m, m.of(Split::test), recipe, {});
  loader.start(0);
  Batch batch;
  REQUIRE(loader.next(batch));
  CHECK(batch.n == 2);
}

TEST_CASE("archives: colours, and one column of several values as classes") {
  Manifest m = read(files / "colours_tiny.npz");
  CHECK(m.classes == Names{"class 0", "class 1", "class 2"});
  CHECK(labels_of(m.rows[0]) == "001");
  CHECK(labels_of(m.rows[1]) == "100");
  const Image image = load_image(m, 0);
  CHECK(image.grey.size() == 4);
  CHECK(image.grey[0] == (9798 * 0 + 19235 * 7 + 3735 * 14 + 16384) / 32768);
  m = read(files / "colours_tiny.npz", {"class 1"});
  CHECK(labels_of(m.rows[2]) == "1");
  CHECK(has(input_error([&] { read(files / "colours_tiny.npz", {"class 3"}); }), "no class is named \"class 3\""));
}

TEST_CASE("archives: damaged in every byte, an .npz is refused or still a table") {
  const TemporaryFolder folder;
  const std::string whole = read_text(files / "pneumoniamnist_tiny.npz");
  const auto file = folder / "m.npz";
  size_t refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (uint32_t change : {1U + Rng(1, i).below(0, 255), 0U}) {
      const std::string part = change == 0 ? whole.substr(0, i) : whole;
      std::string damaged = part;
      if (change != 0) damaged[i] = static_cast<char>(static_cast<uint32_t>(damaged[i]) ^ change);
      write_text(file, damaged);
      refused += outcome(file).empty() ? 0 : 1;
    }
  }
  CHECK(refused > whole.size());  // every cut, and most changes; some bytes are dates
}

TEST_CASE("archives: lies about sizes are refused before memory is taken") {
  const TemporaryFolder folder;
  std::string text = read_text(files / "pneumoniamnist_tiny.npz");
  const size_t entry = text.find("PK\1\2");
  text.replace(entry + 24, 4, std::string("\xF0\xFF\xFF\xF0", 4));
  write_text(folder / "m.npz", text);
  CHECK(has(outcome(folder / "m.npz"), "unpacked"));
}

TEST_CASE("real: MedMNIST's pneumonia as it lies") {
  const auto shared = data_folder("pneumoniamnist28");
  if (shared.empty()) return skip("pneumoniamnist28 is not here");
  const Manifest m = read(shared / "pneumoniamnist_reconstructed.npz");
  CHECK(m.of(Split::train).size() == 4708);
  CHECK(m.of(Split::val).size() == 524);
  CHECK(m.of(Split::test).size() == 624);
  int64_t positives = 0;
  for (size_t row : m.of(Split::test)) positives += m.rows[row].labels[0] == 1.0F ? 1 : 0;
  CHECK(positives == 390);
  CHECK(load_image(m, 5000).width == 28);
}

TEST_CASE("real: a folder per class as it lies, and a table with its images in a folder beside it") {
  const auto kermany = data_folder("kermany224");
  if (kermany.empty()) return skip("kermany224 is not here");
  const Manifest m = read(kermany / "train");
  CHECK(m.set == "a folder per class");
  CHECK(m.classes == Names{"NORMAL", "PNEUMONIA"});
  CHECK(m.rows.size() == 5216);
  CHECK(!m.has_split);
  int64_t normal = 0;
  for (const Row& row : m.rows) normal += row.labels[0] == 1.0F ? 1 : 0;
  CHECK(normal == 1341);
  CHECK(read(kermany).classes.size() == 4);
  const auto nih = data_folder("nih1000_64");
  if (nih.empty()) return skip("nih1000_64 is not here");
  const Manifest other = read(nih);
  CHECK(check_images(other, 2).empty());
  CHECK(other.notes == Names{"column \"kcr_split\" looks like a split; --split-column takes it",
                             "column \"chexnet_split\" looks like a split; --split-column takes it"});
}

TEST_CASE("sets: a folder per class, with and without splits") {
  SetFiles set("", {{"train/b/x.png", "1"},
                    {"train/a/deep/y.JPG", "2"},
                    {"val/a/z.jpeg", "3"},
                    {"val/a/notes.txt", "4"},
                    {"test/b/.x.png", "5"}});
  Manifest m = set.read();
  CHECK(m.classes == Names{"a", "b"});
  REQUIRE(m.rows.size() == 3);
  CHECK(m.rows[0].image == "train/a/deep/y.JPG");
  CHECK(m.of(Split::train).size() == 2);
  CHECK(m.of(Split::val).size() == 1);
  set.options.table = set.folder / "train";
  m = set.read();
  CHECK(m.classes == Names{"a", "b"});
  CHECK(!m.has_split);
  set.options.labels = {"c"};
  CHECK(has(set.error(), "no folder is named \"c\""));
  set.options.labels = {};
  set.options.table = set.folder / "test";
  CHECK(has(set.error(), "without images in folders by class"));
}
