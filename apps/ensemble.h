// One trained model or several whose probabilities are averaged; input size and preprocessing are each member's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "apps/model_file.h"
#include "apps/scoring.h"
#include "data/image.h"

namespace thorax {

class Ensemble {
 public:
  // runs: run folders or model files, at least one. batch: images at once. Throws Error(input) when the members do not have the
  // same classes; the order is the first's.
  Ensemble(const std::vector<std::string>& runs, int64_t batch, const Stream& stream, TestViews views = {{}});

  size_t size() const { return members_.size(); }
  const std::vector<std::string>& classes() const { return first().classes; }
  const ModelDescription& first() const { return members_.front().model->description(); }
  // Whether the cut-offs in the model file are for what this says: one member, images as they are.
  bool has_own_cutoffs() const { return size() == 1 && views_.size() == 1; }
  std::string name() const;  // of the model file; of several: all

  // The mean over members and views. manifest: of classes(). cache: where caches of preprocessed images lie; may be empty.
  // Shows the progress.
  metrics::Scores score(const data::Manifest& manifest, const std::vector<size_t>& rows, int workers,
                        const std::filesystem::path& cache) const;
  std::vector<float> predict(const data::Image& image) const;

 private:
  struct Member {
    std::string file;
    std::unique_ptr<LoadedModel> model;
    std::vector<size_t> place;  // [C]: which of its classes is the first's k-th
  };
  Stream stream_;
  std::vector<Member> members_;
  TestViews views_;
};

// For each of the wanted classes, which of `has` it is. file and first: of the model that has them and of the first one. Throws
// Error(input) where they are not the same classes.
std::vector<size_t> class_places(const std::vector<std::string>& wanted, const std::vector<std::string>& has,
                                 const std::string& file, const std::string& first);

// --tta none, flip (the image and its mirror image) or six (both, also turned by 5 degrees either way).
TestViews test_views(const Flags& flags);

}  // namespace thorax
