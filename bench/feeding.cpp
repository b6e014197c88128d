// Whether loading starves training on the CPU: a DenseNet-121 training step on a batch that is ready, beside steps that the
// loader feeds while it decodes and preprocesses every image anew (cold), and from a warm cache. How long steps wait for their
// batch tells. Every batch of an epoch from the cache is compared with the decoded one first. Usage: bench_feeding [SIZE [BATCH
// [STEPS [SIDE [png|dicom]]]]]; SIDE: of the phantoms that are read.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "apps/trainer.h"
#include "data/cache.h"
#include "data/phantom.h"

namespace {

using namespace thorax;
using Clock = std::chrono::steady_clock;

struct Arguments {
  int64_t size = 512;
  int64_t batch = 4;
  int64_t steps = 10;
  int64_t side = 1024;
  bool dicom = false;
};

constexpr int64_t files = 24;  // an epoch has them again and again

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

data::Manifest make_files(const std::filesystem::path& folder, const Arguments& a, int threads) {
  data::PhantomOptions o;
  o.count = files;
  o.size = a.side;
  o.dicom = a.dicom;
  o.threads = threads;
  data::make_phantoms(folder, o);
  data::ManifestOptions options;
  options.table = folder / "labels.csv";
  return data::read_manifest(options);
}

std::vector<size_t> rows_of(const Arguments& a) {
  std::vector<size_t> rows;
  for (int64_t i = 0; i < a.batch * (a.steps + 1); ++i) rows.push_back(static_cast<size_t>(i % files));
  return rows;
}

bool same_batches(data::Loader& one, data::Loader& other) {
  one.start(0);
  other.start(0);
  data::Batch a;
  data::Batch b;
  while (one.next(a)) {
    if (!other.next(b) || a.pixels != b.pixels || a.labels != b.labels) return false;
  }
  return true;
}

// Of one step behind the first, whose batch nothing can be made before: in all, and until its batch was there.
struct Step {
  double ms = 0, waiting_ms = 0;
};

Step fed(Trainer& trainer, data::Loader& loader, double& first_ms) {
  loader.start(0);
  data::Batch batch;
  auto start = Clock::now();
  loader.next(batch);
  first_ms = ms_since(start);
  trainer.step(batch, 0.001);
  Step step;
  start = Clock::now();
  int64_t steps = 0;
  for (auto before = start; loader.next(batch); before = Clock::now()) {
    step.waiting_ms += ms_since(before);
    trainer.step(batch, 0.001);
    ++steps;
  }
  return {ms_since(start) / static_cast<double>(steps), step.waiting_ms / static_cast<double>(steps)};
}

void print(const char* how, const Step& step, double alone_ms, double first_ms) {
  std::printf("%-22s %8.1f ms a step, %5.2f of alone; waits %7.2f ms of it, %5.2f%%; first batch after %.0f ms\n", how, step.ms,
              step.ms / alone_ms, step.waiting_ms, 100 * step.waiting_ms / step.ms, first_ms);
}

int run(const Arguments& a, const std::filesystem::path& folder) {
  const int threads = static_cast<int>(std::thread::hardware_concurrency());
  const data::Manifest manifest = make_files(folder, a, threads);
  data::Recipe recipe;
  recipe.size = a.size;
  data::LoaderOptions options;
  options.batch = a.batch;
  options.workers = threads;
  data::Loader cold(manifest, rows_of(a), recipe, options);  // memory_limit_bytes is 0: nothing is kept
  const auto file = data::cache_file(folder, "phantoms", recipe);
  data::build_cache(file, manifest, recipe, {threads, {}, {}});
  std::string reason;
  options.cache = data::CachedImages::open(file, manifest, recipe, threads, reason);
  data::Loader warm(manifest, rows_of(a), recipe, options);
  if (options.cache == nullptr || !same_batches(cold, warm)) {
    std::fprintf(stderr, "the cache is wrong %s\n", reason.c_str());
    return 1;
  }
  TrainerOptions o;
  o.network.size = a.size;
  o.network.classes = static_cast<int64_t>(manifest.classes.size());
  o.network.stream.threads = threads;
  o.batch = a.batch;
  o.loss = LossTable(manifest.classes.size());  // binary cross-entropy
  Trainer trainer(o);
  data::Batch ready;
  warm.start(0);
  warm.next(ready);
  trainer.step(ready, 0.001);
  const auto start = Clock::now();
  for (int64_t i = 0; i < a.steps; ++i) trainer.step(ready, 0.001);
  const double alone_ms = ms_since(start) / static_cast<double>(a.steps);
  std::printf("DenseNet-121, %ldx%ld, batches of %ld, fp32, %d threads; %s of %ldx%ld\n", static_cast<long>(a.size),
              static_cast<long>(a.size), static_cast<long>(a.batch), threads, a.dicom ? "DICOM files" : "PNG",
              static_cast<long>(a.side), static_cast<long>(a.side));
  std::printf("%-22s %8.1f ms a step\n", "a batch that is ready", alone_ms);
  double first_ms = 0;
  Step step = fed(trainer, cold, first_ms);
  print("decoded anew", step, alone_ms, first_ms);
  step = fed(trainer, warm, first_ms);
  print("from a warm cache", step, alone_ms, first_ms);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  if (argc > 1) a.size = std::atol(argv[1]);
  if (argc > 2) a.batch = std::atol(argv[2]);
  if (argc > 3) a.steps = std::atol(argv[3]);
  if (argc > 4) a.side = std::atol(argv[4]);
  if (argc > 5) a.dicom = std::string_view(argv[5]) == "dicom";
  std::string name = (std::filesystem::temp_directory_path() / "thorax-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return 3;
  int code = 1;
  try {
    code = run(a, name);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_feeding: %s\n", e.what());
  }
  std::filesystem::remove_all(name);
  return code;
}
