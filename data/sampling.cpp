#include "data/sampling.h"

#include <numeric>

#include "data/streams.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr size_t images_each_time = 3;

// The positive images of one class, in passes.
class ClassImages {
 public:
  ClassImages(std::vector<size_t> images, uint64_t seed, uint64_t number)
      : images_(std::move(images)), seed_(seed), number_(number) {}

  size_t next() {
    if (place_ == 0) shuffle(images_, Rng(seed_, stream(Purpose::class_images, number_ << 24 | pass_++)));
    const size_t image = images_[place_];
    place_ = (place_ + 1) % images_.size();
    return image;
  }

 private:
  std::vector<size_t> images_;
  uint64_t seed_, number_;
  uint64_t pass_ = 0;
  size_t place_ = 0;
};

std::vector<ClassImages> classes_of(const Manifest& manifest, const std::vector<size_t>& rows, uint64_t seed, int64_t epoch) {
  std::vector<ClassImages> classes;
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    std::vector<size_t> positive;
    for (size_t i = 0; i < rows.size(); ++i)
      if (manifest.rows[rows[i]].labels[k] > 0.5F) positive.push_back(i);
    if (!positive.empty()) classes.emplace_back(std::move(positive), seed, static_cast<uint64_t>(epoch) << 12 | k);
  }
  if (classes.empty()) throw Error(Fault::input, "class-aware sampling: no label of the training images is positive");
  return classes;
}

}  // namespace

std::vector<size_t> class_aware_order(const Manifest& manifest, const std::vector<size_t>& rows, uint64_t seed, int64_t epoch) {
  std::vector<ClassImages> classes = classes_of(manifest, rows, seed, epoch);
  std::vector<size_t> round(classes.size());
  std::vector<size_t> order;
  for (uint64_t number = 0; order.size() < rows.size(); ++number) {
    std::iota(round.begin(), round.end(), size_t{0});
    shuffle(round, Rng(seed, stream(Purpose::class_order, static_cast<uint64_t>(epoch) << 32 | number)));
    for (const size_t k : round)
      for (size_t i = 0; i < images_each_time && order.size() < rows.size(); ++i) order.push_back(classes[k].next());
  }
  return order;
}

}  // namespace thorax::data
