#include "data/loader.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

#include "data/image_archive.h"
#include "data/sampling.h"
#include "data/streams.h"
#include "tensor/error.h"
#include "tensor/replicas.h"

namespace thorax::data {

class Loader::Work {
 public:
  Work(const Manifest& manifest, std::vector<size_t> rows, const Recipe& recipe, const LoaderOptions& options)
      : manifest_(manifest),
        rows_(std::move(rows)),
        recipe_(recipe),
        options_(options),
        kept_(rows_.size()),
        keeping_(rows_.size()),
        order_(rows_.size()) {
    if (options_.batch < 1) throw Error(Fault::defect, str("loader: batches of ", options_.batch, " images"));
    for (size_t row : rows_) {
      if (row >= manifest_.rows.size())
        throw Error(Fault::defect, str("loader: row ", row, " of a table of ", manifest_.rows.size()));
    }
  }
  ~Work() { stop(); }

  int64_t images() const { return static_cast<int64_t>(rows_.size()); }
  int64_t batches() const { return (images() + options_.batch - 1) / options_.batch; }

  void start(int64_t epoch, int64_t first_batch) {
    stop();
    epoch_ = epoch;
    wanted_ = first_batch;
    claimed_ = first_batch;
    stopping_ = false;
    ready_.clear();
    std::iota(order_.begin(), order_.end(), size_t{0});
    if (options_.class_aware)
      order_ = class_aware_order(manifest_, rows_, options_.seed, epoch);
    else if (options_.shuffle)
      shuffle(order_, Rng(options_.seed, stream(Purpose::order, static_cast<uint64_t>(epoch))));
    for (int i = 0; i < threads(); ++i) workers_.emplace_back([this] { work(); });
  }

  bool next(Batch& out) {
    if (workers_.empty()) throw Error(Fault::defect, "loader: next() without start()");
    if (wanted_ >= batches()) return false;
    Made made;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ready_.count(wanted_) != 0; });
      made = std::move(ready_.extract(wanted_).mapped());
      ++wanted_;
      if (out.pixels.capacity() > 0) spare_.push_back(std::move(out.pixels));
      if (made.failure) wanted_ = claimed_ = batches();
    }
    changed_.notify_all();
    if (made.failure) std::rethrow_exception(made.failure);
    out = std::move(made.batch);
    return true;
  }

 private:
  struct Made {
    Batch batch;
    std::exception_ptr failure;
  };

  int threads() const { return std::max(1, options_.workers); }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    workers_.clear();  // joins
  }

  // Workers take the batches in order and stay within a few batches of the one that is wanted.
  void work() {
    for (;;) {
      int64_t batch = 0;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopping_ || claimed_ >= batches() || claimed_ <= wanted_ + threads(); });
        if (stopping_ || claimed_ >= batches()) return;
        batch = claimed_++;
      }
      Made made;
      try {
        made.batch = make(batch);
      } catch (...) {
        made.failure = std::current_exception();
      }
      {
        const std::scoped_lock lock(mutex_);
        ready_.insert_or_assign(batch, std::move(made));
      }
      changed_.notify_all();
    }
  }

  // Unfinished when the loader is stopping: nobody will have it.
  Batch make(int64_t number) {
    Batch b;
    b.of_all = std::min(options_.batch, images() - number * options_.batch);
    const Share share = share_of(b.of_all, options_.rank, options_.ranks);
    const int64_t begin = b.first = number * options_.batch + share.begin;
    const int64_t n = share.count;
    b.pixels = spare_pixels();
    b.pixels.reserve(static_cast<size_t>(n * recipe_.size * recipe_.size));
    const Rng rng(options_.seed, stream(Purpose::augment, static_cast<uint64_t>(epoch_)));
    for (; b.n < n && !stopping_; ++b.n) {
      const size_t index = order_[static_cast<size_t>(begin + b.n)];
      // Where an epoch has an image more than once, each time is another draw.
      add_image(b, index, rng, options_.class_aware ? static_cast<uint64_t>(begin + b.n) : index);
      b.rows.push_back(rows_[index]);
      for (float label : manifest_.rows[rows_[index]].labels) {
        b.labels.push_back(std::isnan(label) ? 0.0F : label);
        b.mask.push_back(std::isnan(label) ? 0.0F : 1.0F);
      }
    }
    return b;
  }

  // Memory that a batch has had before: fresh pages cost more than what is copied into them.
  std::vector<uint8_t> spare_pixels() {
    const std::scoped_lock lock(mutex_);
    if (spare_.empty()) return {};
    std::vector<uint8_t> pixels = std::move(spare_.back());
    spare_.pop_back();
    pixels.clear();
    return pixels;
  }

  void add_image(Batch& b, size_t index, const Rng& rng, uint64_t draw) {
    const bool moved = options_.augment.any();
    const Transform move = moved ? draw_transform(options_.augment, recipe_.size, rng, draw) : Transform{};
    if (options_.moves_only) b.moves.push_back(map_of(move));
    const auto cached = options_.cache ? options_.cache->plane(rows_[index]) : std::span<const uint8_t>();
    if (!cached.empty() && (!moved || options_.moves_only)) {
      b.pixels.insert(b.pixels.end(), cached.begin(), cached.end());
      return;
    }
    std::vector<uint8_t> plane = cached.empty() ? image(index) : std::vector<uint8_t>(cached.begin(), cached.end());
    if (moved && !options_.moves_only) plane = transformed(plane, recipe_.size, move);
    b.pixels.insert(b.pixels.end(), plane.begin(), plane.end());
  }

  // Preprocessed; from memory where it was kept. Two workers may want the same image at once: one of them keeps it.
  std::vector<uint8_t> image(size_t index) {
    if (keeping_[index].load(std::memory_order_acquire) == Keeping::done) return kept_[index];
    std::vector<uint8_t> plane = preprocess(load_image(manifest_, rows_[index]), recipe_);
    Keeping none = Keeping::none;
    if (!keeping_[index].compare_exchange_strong(none, Keeping::under_way)) return plane;
    const auto bytes = static_cast<int64_t>(plane.size());
    const bool fits = kept_bytes_.fetch_add(bytes) + bytes <= options_.memory_limit_bytes;
    if (fits)
      kept_[index] = plane;
    else
      kept_bytes_.fetch_sub(bytes);
    keeping_[index].store(fits ? Keeping::done : Keeping::none, std::memory_order_release);
    return plane;
  }

  enum class Keeping : uint8_t { none, under_way, done };
  const Manifest& manifest_;
  const std::vector<size_t> rows_;
  const Recipe recipe_;
  const LoaderOptions options_;
  std::vector<std::vector<uint8_t>> kept_;
  std::vector<std::atomic<Keeping>> keeping_;
  std::atomic<int64_t> kept_bytes_ = 0;
  std::vector<size_t> order_;
  int64_t epoch_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t wanted_ = 0;   // the batch that next() gives
  int64_t claimed_ = 0;  // the first batch that no worker has taken
  std::atomic<bool> stopping_ = false;
  std::map<int64_t, Made> ready_;
  std::vector<std::vector<uint8_t>> spare_;
  std::vector<std::jthread> workers_;
};

Loader::Loader(const Manifest& manifest, std::vector<size_t> rows, const Recipe& recipe, const LoaderOptions& options)
    : work_(std::make_unique<Work>(manifest, std::move(rows), recipe, options)) {}
Loader::~Loader() = default;
void Loader::start(int64_t epoch, int64_t first_batch) {
  work_->start(epoch, first_batch);
}
bool Loader::next(Batch& out) {
  return work_->next(out);
}
int64_t Loader::images() const {
  return work_->images();
}
int64_t Loader::batches() const {
  return work_->batches();
}

}  // namespace thorax::data
