#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "data/check.h"
#include "data/loader.h"
#include "tests/data/errors.h"
#include "tests/data/oracle.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

constexpr int64_t images = 23;

// 23 small images, each of its own size and content, two classes.
struct Set {
  Set() {
    manifest.classes = {"A", "B"};
    for (int64_t i = 0; i < images; ++i) {
      const int64_t h = 20 + i;
      const int64_t w = 40 - i;
      Row row;
      row.image = str(i, ".png");
      row.file = folder / row.image;
      row.labels = {static_cast<float>(i % 2), i % 3 == 0 ? std::numeric_limits<float>::quiet_NaN() : 1.0F};
      write_png(row.file, {h, w, made(static_cast<uint32_t>(i), 0, h * w)});
      manifest.rows.push_back(row);
    }
    recipe.size = 32;
    options.batch = 4;
    options.shuffle = true;
    options.augment = {true, 0.1, 0.1, 10};
  }
  std::vector<size_t> all() const {
    std::vector<size_t> rows(manifest.rows.size());
    std::iota(rows.begin(), rows.end(), size_t{0});
    return rows;
  }
  TemporaryFolder folder;
  Manifest manifest;
  Recipe recipe;
  LoaderOptions options;
};

std::vector<Batch> rest(Loader& loader) {
  std::vector<Batch> batches;
  for (Batch b; loader.next(b);) batches.push_back(b);
  return batches;
}

std::vector<Batch> epoch(Loader& loader, int64_t number, int64_t first = 0) {
  loader.start(number, first);
  return rest(loader);
}

void check_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].n == b[i].n);
    CHECK(a[i].rows == b[i].rows);
    CHECK(a[i].pixels == b[i].pixels);
    CHECK(a[i].labels == b[i].labels);
    CHECK(a[i].mask == b[i].mask);
  }
}

}  // namespace

TEST_CASE("loader: every image once, in order, as preprocessing makes it, the last batch is smaller") {
  Set s;
  s.options.shuffle = false;
  s.options.augment = {};
  Loader loader(s.manifest, s.all(), s.recipe, s.options);
  CHECK(loader.images() == 23);
  CHECK(loader.batches() == 6);
  const std::vector<Batch> batches = epoch(loader, 0);
  REQUIRE(batches.size() == 6);
  CHECK(batches[5].n == 3);
  size_t row = 0;
  for (const Batch& b : batches) {
    REQUIRE(b.pixels.size() == static_cast<size_t>(b.n * 32 * 32));
    REQUIRE(b.labels.size() == static_cast<size_t>(b.n * 2));
    REQUIRE(b.mask.size() == b.labels.size());
    for (size_t i = 0; i < static_cast<size_t>(b.n); ++i, ++row) {
      CHECK(b.rows[i] == row);
      const std::vector<uint8_t> plane = preprocess(decode_image(s.manifest.rows[row].file), s.recipe);
      CHECK(std::vector<uint8_t>(b.pixels.begin() + static_cast<std::ptrdiff_t>(i * 1024),
                                 b.pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * 1024)) == plane);
      CHECK(b.labels[2 * i] == static_cast<float>(row % 2));
      CHECK(b.mask[2 * i] == 1);
      CHECK(b.labels[2 * i + 1] == (row % 3 == 0 ? 0 : 1));
      CHECK(b.mask[2 * i + 1] == (row % 3 == 0 ? 0 : 1));
    }
  }
  CHECK(row == 23);
  Batch b;
  CHECK(!loader.next(b));
}

TEST_CASE("loader: the same batches for any number of workers, any memory, any restart") {
  Set s;
  Loader first(s.manifest, s.all(), s.recipe, s.options);
  const std::vector<Batch> zero = epoch(first, 0);
  const std::vector<Batch> three = epoch(first, 3);
  CHECK(zero[0].rows != three[0].rows);
  std::set<size_t> seen;
  for (const Batch& b : three) seen.insert(b.rows.begin(), b.rows.end());
  CHECK(seen.size() == 23);
  for (int workers : {0, 1, 3, 8}) {
    for (int64_t memory : {0, 5 * 1024, 1 << 20}) {
      s.options.workers = workers;
      s.options.memory_limit_bytes = memory;
      Loader loader(s.manifest, s.all(), s.recipe, s.options);
      check_same(epoch(loader, 0), zero);
      check_same(epoch(loader, 3), three);
      const std::vector<Batch> tail = epoch(loader, 3, 4);
      check_same(tail, {three.begin() + 4, three.end()});
      loader.start(0);
      Batch b;
      CHECK(loader.next(b));
      CHECK(loader.next(b));
      check_same(epoch(loader, 3), three);
    }
  }
  s.options.seed = 2;
  Loader other(s.manifest, s.all(), s.recipe, s.options);
  CHECK(epoch(other, 0)[0].rows != zero[0].rows);
}

TEST_CASE("loader: a subset of the rows, and augmentation that differs from epoch to epoch") {
  Set s;
  s.options.shuffle = false;
  Loader loader(s.manifest, {7, 2, 11}, s.recipe, s.options);
  const Batch one = epoch(loader, 1).at(0);
  const Batch two = epoch(loader, 2).at(0);
  CHECK(one.rows == std::vector<size_t>{7, 2, 11});
  CHECK(two.rows == one.rows);
  CHECK(two.pixels != one.pixels);
}

TEST_CASE("loader: augmentation that is left to a kernel comes as maps that give the same images") {
  Set s;
  Loader moving(s.manifest, s.all(), s.recipe, s.options);
  s.options.moves_only = true;
  Loader drawing(s.manifest, s.all(), s.recipe, s.options);
  const std::vector<Batch> moved = epoch(moving, 3), drawn = epoch(drawing, 3);
  REQUIRE(moved.size() == drawn.size());
  bool differ = false;
  for (size_t i = 0; i < moved.size(); ++i) {
    CHECK(moved[i].moves.empty());
    REQUIRE(drawn[i].moves.size() == static_cast<size_t>(drawn[i].n));
    std::vector<uint8_t> carried_out;
    for (int64_t p = 0; p < drawn[i].n * 1024; ++p)
      carried_out.push_back(moved_pixel(drawn[i].pixels.data() + p / 1024 * 1024, 32,
                                        drawn[i].moves[static_cast<size_t>(p / 1024)], p % 32, p / 32 % 32));
    CHECK(carried_out == moved[i].pixels);
    differ = differ || carried_out != drawn[i].pixels;
  }
  CHECK(differ);
}

TEST_CASE("loader: kept images are not read again, without room they are") {
  Set s;
  s.options.memory_limit_bytes = 1 << 20;
  Loader keeps(s.manifest, s.all(), s.recipe, s.options);
  s.options.memory_limit_bytes = 22 * 1024;
  Loader forgets_one(s.manifest, s.all(), s.recipe, s.options);
  const std::vector<Batch> before = epoch(keeps, 0);
  epoch(forgets_one, 0);
  for (const Row& row : s.manifest.rows) std::filesystem::remove(row.file);
  check_same(epoch(keeps, 0), before);
  CHECK(has(input_error([&] { epoch(forgets_one, 0); }), "no such file"));
}

TEST_CASE("loader: an unreadable image throws in place of its batch, ends the epoch, and spoils no other") {
  Set s;
  s.options.shuffle = false;
  write_text(s.manifest.rows[14].file, "broken");
  for (int workers : {1, 4}) {
    s.options.workers = workers;
    Loader loader(s.manifest, s.all(), s.recipe, s.options);
    for (int round = 0; round < 20; ++round) {
      loader.start(round);
      Batch b;
      for (int i = 0; i < 3; ++i) REQUIRE(loader.next(b));
      CHECK(has(input_error([&] { loader.next(b); }), "14.png: neither a PNG nor a JPEG nor a DICOM file"));
      CHECK(!loader.next(b));
    }
  }
}

TEST_CASE("loader: left or restarted in the middle of an epoch it does not hang") {
  Set s;
  s.options.batch = 1;
  s.options.workers = 4;
  for (int round = 0; round < 50; ++round) {
    Loader loader(s.manifest, s.all(), s.recipe, s.options);
    Batch b;
    loader.start(round);
    for (int i = 0; i < round % 5; ++i) CHECK(loader.next(b));
    if (round % 2 == 0) loader.start(round + 1, round % 23);
    if (round % 3 == 0) CHECK(loader.next(b));
  }
  const Loader never_started(s.manifest, s.all(), s.recipe, s.options);
}

TEST_CASE("loader: edges") {
  Set s;
  Loader none(s.manifest, {}, s.recipe, s.options);
  CHECK(none.batches() == 0);
  CHECK(epoch(none, 0).empty());
  Loader loader(s.manifest, s.all(), s.recipe, s.options);
  Batch b;
  CHECK_THROWS_AS(loader.next(b), Error);
  CHECK(epoch(loader, 0, 6).empty());
  CHECK_THROWS_AS(Loader(s.manifest, {23}, s.recipe, s.options), Error);
  s.options.batch = 0;
  CHECK_THROWS_AS(Loader(s.manifest, s.all(), s.recipe, s.options), Error);
}

TEST_CASE("check: unreadable images are listed in order with their reasons, and can be dropped") {
  Set s;
  std::filesystem::remove(s.manifest.rows[20].file);
  write_text(s.manifest.rows[3].file, "");
  const std::string whole = read_text(s.manifest.rows[9].file);
  write_text(s.manifest.rows[9].file, whole.substr(0, whole.size() / 2));
  for (int threads : {1, 4}) {
    const std::vector<Unreadable> bad = check_images(s.manifest, threads);
    REQUIRE(bad.size() == 3);
    CHECK(bad[0].row == 3);
    CHECK(has(bad[0].reason, "the file is empty"));
    CHECK(bad[1].row == 9);
    CHECK(has(bad[1].reason, "PNG data ends after"));
    CHECK(bad[2].row == 20);
    CHECK(has(bad[2].reason, "no such file"));
  }
  drop_rows(s.manifest, check_images(s.manifest, 2));
  CHECK(s.manifest.rows.size() == 20);
  CHECK(check_images(s.manifest, 2).empty());
  for (const Row& row : s.manifest.rows) CHECK((row.image != "3.png" && row.image != "9.png" && row.image != "20.png"));
}

TEST_CASE("loader: class-aware batches are the same for any number of workers and after a restart") {
  Set set;
  set.options.class_aware = true;
  set.options.memory_limit_bytes = 1 << 20;  // images that come twice are kept once
  set.options.workers = 1;
  Loader one(set.manifest, set.all(), set.recipe, set.options);
  set.options.workers = 4;
  Loader four(set.manifest, set.all(), set.recipe, set.options);
  for (const int64_t number : {0, 1}) {
    const auto a = epoch(one, number), b = epoch(four, number), later = epoch(four, number, 3);
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].rows == b[i].rows);
      CHECK(a[i].pixels == b[i].pixels);
      if (i >= 3) CHECK(a[i].pixels == later[i - 3].pixels);
    }
  }
}

TEST_CASE("loader: the shares of all ranks, side by side, are the batches of one process") {
  Set s;
  Loader whole(s.manifest, s.all(), s.recipe, s.options);
  const std::vector<Batch> expected = epoch(whole, 1);
  for (const int ranks : {2, 3, 5}) {
    std::vector<Batch> joined(expected.size());
    for (int rank = 0; rank < ranks; ++rank) {
      LoaderOptions o = s.options;
      o.rank = rank;
      o.ranks = ranks;
      Loader loader(s.manifest, s.all(), s.recipe, o);
      const std::vector<Batch> shares = epoch(loader, 1);
      REQUIRE(shares.size() == expected.size());
      for (size_t i = 0; i < shares.size(); ++i) {
        Batch& to = joined[i];
        CHECK(shares[i].of_all == expected[i].n);
        CHECK(shares[i].first == static_cast<int64_t>(i) * s.options.batch + to.n);
        to.n += shares[i].n;
        to.rows.insert(to.rows.end(), shares[i].rows.begin(), shares[i].rows.end());
        to.pixels.insert(to.pixels.end(), shares[i].pixels.begin(), shares[i].pixels.end());
        to.labels.insert(to.labels.end(), shares[i].labels.begin(), shares[i].labels.end());
        to.mask.insert(to.mask.end(), shares[i].mask.begin(), shares[i].mask.end());
      }
    }
    check_same(joined, expected);
  }
}
