// How many preprocessed images a second the loader delivers from a warm cache, without augmentation: 512x512, batches of 32.
// First every image of an epoch is compared with what preprocessing makes of it. Returns 1 when one differs. Usage: bench_loader
// [IMAGES [WORKERS]]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "data/cache.h"
#include "data/image_archive.h"
#include "data/loader.h"
#include "tensor/file.h"
#include "tensor/rng.h"

namespace {

using namespace thorax;

// Images of noise as members of an archive, which need no decoding.
data::Manifest make_manifest(const std::filesystem::path& file, int64_t images, int64_t side) {
  data::NpyArray array;
  array.shape = {images, side, side};
  array.data.resize(static_cast<size_t>(images * side * side));
  const Rng rng(1, 0);
  for (size_t i = 0; i + 4 <= array.data.size(); i += 4) {
    const uint32_t word = rng.bits(i / 4);
    std::copy_n(reinterpret_cast<const char*>(&word), 4, array.data.begin() + static_cast<std::ptrdiff_t>(i));
  }
  auto archive = std::make_shared<data::ImageArchive>();
  archive->add(std::move(array), "bench");
  data::Manifest manifest;
  manifest.archive = std::move(archive);
  manifest.classes = {"A"};
  for (int64_t i = 0; i < images; ++i) {
    data::Row row;
    row.file = file;
    row.member = i;
    row.image = str(i);
    row.labels = {0.0F};
    manifest.rows.push_back(std::move(row));
  }
  return manifest;
}

bool all_right(const data::Manifest& manifest, const data::CachedImages& cache, const data::Recipe& recipe) {
  for (size_t row = 0; row < manifest.rows.size(); ++row) {
    const std::vector<uint8_t> fresh = data::preprocess(data::load_image(manifest, row), recipe);
    const auto plane = cache.plane(row);
    if (!std::equal(plane.begin(), plane.end(), fresh.begin(), fresh.end())) return false;
  }
  return true;
}

double images_per_second(data::Loader& loader, int64_t epoch) {
  const auto start = std::chrono::steady_clock::now();
  loader.start(epoch);
  data::Batch batch;
  int64_t images = 0;
  while (loader.next(batch)) images += batch.n;
  return static_cast<double>(images) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run(int64_t images, int workers, const std::filesystem::path& folder) {
  write_file_atomically(folder / "noise.npz", std::string_view("the file that these images would be in\n"));
  const data::Manifest manifest = make_manifest(folder / "noise.npz", images, 512);
  const data::Recipe recipe;
  const auto file = data::cache_file(folder, "noise", recipe);
  data::build_cache(file, manifest, recipe, {workers, {}, {}});
  std::string reason;
  data::LoaderOptions options;
  options.workers = workers;
  options.shuffle = true;
  options.cache = data::CachedImages::open(file, manifest, recipe, workers, reason);
  if (options.cache == nullptr || !all_right(manifest, *options.cache, recipe)) {
    std::fprintf(stderr, "the cache is wrong %s\n", reason.c_str());
    return 1;
  }
  // Opened anew, so that the first epoch has to compare the checksums.
  options.cache = data::CachedImages::open(file, manifest, recipe, workers, reason);
  std::vector<size_t> rows(manifest.rows.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  data::Loader loader(manifest, rows, recipe, options);
  const double first = images_per_second(loader, 0);
  std::vector<double> rates;
  for (int64_t epoch = 1; epoch <= 9; ++epoch) rates.push_back(images_per_second(loader, epoch));
  std::sort(rates.begin(), rates.end());
  std::printf("warm cache, 512x512, batches of 32, %d workers, %ld images an epoch\n", workers, static_cast<long>(images));
  std::printf("first epoch, with checksums %10.0f images/s\n", first);
  std::printf("later ones (median of 9)    %10.0f images/s (%.0f to %.0f)\n", rates[4], rates.front(), rates.back());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t images = argc > 1 ? std::atol(argv[1]) : 1000;
  const int workers = argc > 2 ? std::atoi(argv[2]) : 2;
  std::string name = (std::filesystem::temp_directory_path() / "thorax-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return 3;
  const int code = run(images, workers, name);
  std::filesystem::remove_all(name);
  return code;
}
