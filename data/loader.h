// From rows of a table to batches of bytes: worker threads, a bounded queue, preprocessed images kept in memory while they fit.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/augment.h"
#include "data/cache.h"
#include "data/manifest.h"
#include "data/preprocess.h"

namespace thorax::data {

struct Batch {
  int64_t n = 0;                 // images here: this rank's
  int64_t first = 0;             // the first of them in the epoch's order
  int64_t of_all = 0;            // of all ranks
  std::vector<uint8_t> pixels;   // [n,size,size]
  std::vector<float> labels;     // [n,C]; 0 where not known
  std::vector<float> mask;       // [n,C]; 1 where known, else 0
  std::vector<size_t> rows;      // [n]: which rows of the manifest
  std::vector<SampleMap> moves;  // [n] with LoaderOptions::moves_only, else empty
};

struct LoaderOptions {
  int64_t batch = 32;  // of all ranks
  int rank = 0;        // which share of each batch (tensor/replicas.h) is made here
  int ranks = 1;
  int workers = 2;  // threads; below 1 counts as 1
  uint64_t seed = 1;
  bool shuffle = false;
  bool class_aware = false;  // sampling.h, in place of shuffle
  Augment augment;
  bool moves_only = false;  // the augmentation is drawn but left to a kernel (kernels/normalize.h): Batch::moves
  std::shared_ptr<const CachedImages> cache;  // of the same manifest and recipe, or none
  int64_t memory_limit_bytes = 0;  // for other preprocessed images, which are kept over the epochs; the first that come
};

class Loader {
 public:
  // The manifest must outlive the loader. rows: indices into it. Threads run only between start() and the end of the epoch.
  Loader(const Manifest& manifest, std::vector<size_t> rows, const Recipe& recipe, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins an epoch, at its first or any later batch; also in the middle of another. Order and augmentation are functions of
  // (seed, epoch, index): the same batches for any number of workers and after any restart.
  void start(int64_t epoch, int64_t first_batch = 0);
  // The next batch of the epoch, in order; the last may be smaller. False: the epoch is over. Where an image cannot be read, its
  // Error is thrown here in place of its batch, and the epoch is over.
  // What out held before is used again for later batches.
  bool next(Batch& out);

  int64_t images() const;
  int64_t batches() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace thorax::data
