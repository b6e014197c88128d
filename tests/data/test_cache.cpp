#include <doctest/doctest.h>

#include <atomic>

#include "data/cache.h"
#include "data/cache_source.h"
#include "data/loader.h"
#include "data/phantom.h"
#include "tensor/file_calls.h"
#include "tests/data/errors.h"
#include "tests/faulty_calls.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

constexpr int64_t images = 12;

// Phantoms, their table, and a cache of them.
struct Cached {
  Cached() {
    PhantomOptions options;
    options.count = images;
    options.size = 40;
    make_phantoms(folder / "set", options);
    recipe.size = 32;
    manifest = table();
    file = cache_file(folder / "cache", folder / "set/labels.csv", recipe);
  }
  Manifest table() const {
    ManifestOptions options;
    options.table = folder / "set/labels.csv";
    return read_manifest(options);
  }
  CacheReport build(const CacheOptions& options = {2, {}, {}}) const { return build_cache(file, manifest, recipe, options); }
  std::shared_ptr<CachedImages> open() { return CachedImages::open(file, manifest, recipe, 2, reason); }
  std::vector<uint8_t> decoded(size_t row) const { return preprocess(decode_image(manifest.rows[row].file), recipe); }
  bool same(const CachedImages& cache, size_t row) const {
    const auto plane = cache.plane(row);
    const std::vector<uint8_t> fresh = decoded(row);
    return std::equal(plane.begin(), plane.end(), fresh.begin(), fresh.end());
  }
  void damage(const std::filesystem::path& path, uint64_t at) const {
    std::string text = read_text(path);
    text[at] = static_cast<char>(text[at] ^ 0x10);
    write_text(path, text);
  }
  // Another picture under the same name.
  void replace(size_t row) const {
    std::filesystem::copy_file(manifest.rows[row == 0 ? 1 : 0].file, manifest.rows[row].file,
                               std::filesystem::copy_options::overwrite_existing);
  }
  TemporaryFolder folder;
  Recipe recipe;
  Manifest manifest;
  std::filesystem::path file;
  std::string reason;
};

}  // namespace

TEST_CASE("cache: holds what decoding and preprocessing give, and the loader gives the same batches") {
  Cached c;
  CHECK(c.open() == nullptr);
  CHECK(c.reason.empty());
  const CacheReport report = c.build();
  CHECK(report.complete);
  CHECK(report.images == images);
  CHECK(report.decoded == images);
  CHECK(report.unreadable.empty());
  CHECK(std::filesystem::file_size(c.file) == report.bytes);
  const auto cache = c.open();
  REQUIRE(cache != nullptr);
  CHECK(cache->images() == images);
  CHECK(cache->altered() == 0);
  for (size_t row = 0; row < images; ++row) CHECK(c.same(*cache, row));
  for (const bool moved : {false, true}) {
    LoaderOptions with;
    with.batch = 5;
    with.shuffle = true;
    with.augment.flip = moved;
    with.augment.rotate = moved ? 10 : 0;
    LoaderOptions without = with;
    with.cache = cache;
    Loader a(c.manifest, c.manifest.of(Split::train), c.recipe, with);
    Loader b(c.manifest, c.manifest.of(Split::train), c.recipe, without);
    Batch x, y;
    for (int64_t epoch = 0; epoch < 2; ++epoch) {
      a.start(epoch);
      b.start(epoch);
      while (b.next(y)) {
        REQUIRE(a.next(x));
        CHECK(x.pixels == y.pixels);
        CHECK(x.rows == y.rows);
      }
      CHECK(!a.next(x));
    }
  }
  // Again: nothing is decoded.
  CHECK(c.build().decoded == 0);
}

TEST_CASE("cache: an image that has changed is not taken from it, whatever its times say") {
  Cached c;
  c.build();
  const auto time = std::filesystem::last_write_time(c.manifest.rows[3].file);
  c.replace(3);
  std::filesystem::last_write_time(c.manifest.rows[3].file, time);
  std::filesystem::remove(c.manifest.rows[5].file);
  auto cache = c.open();
  REQUIRE(cache != nullptr);
  CHECK(cache->altered() == 2);
  CHECK(!cache->has(3));
  CHECK(cache->plane(3).empty());
  CHECK(cache->has(4));
  // Made anew: the changed image alone is decoded; the missing one is told.
  const CacheReport report = c.build();
  CHECK(report.decoded == 1);
  CHECK(report.images == images - 1);
  REQUIRE(report.unreadable.size() == 1);
  CHECK(report.unreadable[0].row == 5);
  cache = c.open();
  CHECK(c.same(*cache, 3));
  CHECK(!cache->has(5));
}

TEST_CASE("cache: a file that was only touched or copied is the same by its content") {
  Cached c;
  c.build();
  const auto path = c.manifest.rows[2].file;
  std::filesystem::rename(path, c.folder / "aside");
  std::filesystem::copy_file(c.folder / "aside", path);
  const auto cache = c.open();
  CHECK(cache->altered() == 0);
  CHECK(c.same(*cache, 2));
}

TEST_CASE("cache: times are trusted only where the file was old enough when it was read") {
  Cached c;
  const CacheRecord now = status_of(c.manifest, 0);
  CacheRecord record = now;
  record.content = content_of(c.manifest, 0);
  CHECK(is_unaltered(c.manifest, 0, record));
  record.content += 1;
  CHECK(!is_unaltered(c.manifest, 0, record));  // just written: the content counts
  record.seen = record.changed + 3000000000;
  CHECK(is_unaltered(c.manifest, 0, record));  // long settled: the times do
  record.changed += 1;
  CHECK(!is_unaltered(c.manifest, 0, record));
  record.changed -= 1;
  record.modified += 1;
  CHECK(!is_unaltered(c.manifest, 0, record));
}

TEST_CASE("cache: other preprocessing is another cache, and a renamed one is refused") {
  Cached c;
  c.build();
  Recipe other = c.recipe;
  other.equalize = false;
  const auto path = cache_file(c.folder / "cache", c.folder / "set/labels.csv", other);
  CHECK(path != c.file);
  std::filesystem::copy_file(c.file, path);
  std::string reason;
  CHECK(CachedImages::open(path, c.manifest, other, 1, reason) == nullptr);
  CHECK(reason == "made with other preprocessing or another version");
  // What comes after the planes makes no difference.
  other = c.recipe;
  other.mean = 0.3F;
  CHECK(cache_file(c.folder / "cache", c.folder / "set/labels.csv", other) == c.file);
}

TEST_CASE("cache: stopped and gone on with, decoding only what was not done, or was damaged") {
  Cached c;
  std::atomic<int> asked = 0;
  CacheReport report = c.build({1, {}, [&] { return ++asked > 7; }});
  CHECK(!report.complete);
  CHECK(report.images == 7);
  CHECK(c.open() == nullptr);
  const auto partial = std::filesystem::path(c.file) += ".partial";
  REQUIRE(std::filesystem::exists(partial));
  const CacheLayout layout{images, 32 * 32};
  c.damage(partial, layout.plane_at(2) + 100);
  c.damage(partial, layout.record_at(4) + 8);
  report = c.build();
  CHECK(report.complete);
  CHECK(report.decoded == images - 5);
  CHECK(!std::filesystem::exists(partial));
  const auto cache = c.open();
  REQUIRE(cache != nullptr);
  for (size_t row = 0; row < images; ++row) CHECK(c.same(*cache, row));
}

TEST_CASE("cache: begun for other images, it begins again but copies what a finished one has") {
  Cached c;
  c.build();
  // The table has lost an image; the stopped work is for these, the next for all again.
  Manifest fewer = c.manifest;
  fewer.rows.erase(fewer.rows.begin() + 1);
  int asked = 0;
  build_cache(c.file, fewer, c.recipe, {1, {}, [&] { return ++asked > 3; }});
  const CacheReport report = c.build();
  CHECK(report.complete);
  CHECK(report.decoded == 0);
  CHECK(c.same(*c.open(), 1));
}

TEST_CASE("cache: damage is found: of a plane when it is wanted, of anything else at once") {
  Cached c;
  c.build();
  const CacheLayout layout{images, 32 * 32};
  const std::string whole = read_text(c.file);
  c.damage(c.file, layout.plane_at(6) + 1000);
  auto cache = c.open();
  REQUIRE(cache != nullptr);
  CHECK(cache->plane(6).empty());
  CHECK(cache->plane(6).empty());
  CHECK(c.same(*cache, 7));
  // The loader decodes it instead.
  LoaderOptions options;
  options.cache = cache;
  Loader loader(c.manifest, {6}, c.recipe, options);
  loader.start(0);
  Batch batch;
  REQUIRE(loader.next(batch));
  CHECK(batch.pixels == c.decoded(6));
  for (const uint64_t at :
       {uint64_t{0}, uint64_t{8}, uint64_t{50}, uint64_t{4095}, layout.record_at(0), layout.record_at(11) + 63}) {
    write_text(c.file, whole);
    c.damage(c.file, at);
    CHECK(c.open() == nullptr);
    CHECK(!c.reason.empty());
  }
  for (const size_t bytes : {size_t{0}, size_t{100}, size_t{4096}, whole.size() - 1}) {
    write_text(c.file, whole.substr(0, bytes));
    CHECK(c.open() == nullptr);
  }
}

TEST_CASE("cache: every file call that fails leaves no finished cache, and the next build ends well") {
  Cached c;
  c.manifest.rows.resize(3);
  for (const bool torn : {false, true}) {
    for (int at = 1;; ++at) {
      CAPTURE(at);
      std::filesystem::remove_all(c.folder / "cache");
      bool reached = false;
      bool thrown = false;
      {
        FaultyCalls calls(at, FaultyCalls::Way::once, ENOSPC, torn);
        try {
          c.build({1, {}, {}});
        } catch (const Error&) {
          thrown = true;
        }
        reached = calls.reached();
      }
      const auto cache = c.open();
      if (cache != nullptr) {
        for (size_t row = 0; row < 3; ++row) CHECK((!cache->has(row) || c.same(*cache, row)));
      }
      CHECK((thrown || cache != nullptr));
      CHECK(c.build({1, {}, {}}).images == 3);
      if (!reached) break;
    }
  }
}

TEST_CASE("cache: killed before every file call, the next build goes on and ends well") {
  Cached c;
  c.manifest.rows.resize(3);
  int kills = 0;
  for (int at = 1;; ++at) {
    CAPTURE(at);
    std::filesystem::remove_all(c.folder / "cache");
    if (!dies_at(at, false, [&] { c.build({1, {}, {}}); })) break;
    ++kills;
    const CacheReport report = c.build({1, {}, {}});
    REQUIRE(report.complete);
    CHECK(report.images == 3);
    const auto cache = c.open();
    REQUIRE(cache != nullptr);
    for (size_t row = 0; row < 3; ++row) REQUIRE(c.same(*cache, row));
  }
  CHECK(kills > 10);
}
