// A .thx file as libthorax runs it inside other programs, for trying it out here.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "apps/model_file.h"
#include "data/image.h"
#include "embed/thorax.h"

namespace thorax {

class EmbeddedModel {
 public:
  // threads: 0: all processors; bf16: libthorax's. Throws Error(input) for what libthorax refuses.
  EmbeddedModel(const std::filesystem::path& file, int threads, bool bf16);
  const std::vector<std::string>& classes() const { return classes_; }
  const std::vector<std::optional<float>>& cutoffs() const { return cutoffs_; }
  std::vector<float> predict(const data::Image& image) const;

 private:
  std::unique_ptr<thorax_model, void (*)(thorax_model*)> model_{nullptr, thorax_close};
  std::unique_ptr<thorax_session, void (*)(thorax_session*)> session_{nullptr, thorax_session_destroy};
  std::vector<std::string> classes_;
  std::vector<std::optional<float>> cutoffs_;
};

}  // namespace thorax
