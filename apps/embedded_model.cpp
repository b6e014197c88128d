#include "apps/embedded_model.h"

#include <algorithm>
#include <thread>

namespace thorax {

namespace {

// Throws what libthorax says.
void require(thorax_status status, const std::string& what, const thorax_error& error) {
  if (status == THORAX_OK) return;
  const bool is_machine = status == THORAX_NO_MEMORY || status == THORAX_SELFTEST;
  throw Error(is_machine ? Fault::machine : Fault::input, str(what, ": ", thorax_status_text(status), ": ", error.text));
}

thorax_error no_error() {
  thorax_error error{};
  error.size = sizeof error;
  return error;
}

}  // namespace

EmbeddedModel::EmbeddedModel(const std::filesystem::path& file, int threads, bool bf16) {
  thorax_error error = no_error();
  thorax_model* model = nullptr;
  require(thorax_open(file.c_str(), nullptr, &model, &error), file.string(), error);
  model_.reset(model);
  thorax_options options{};
  options.size = sizeof options;
  options.precision = bf16 ? THORAX_BF16 : THORAX_FP32;
  options.threads = std::min(64, threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency()));
  thorax_session* session = nullptr;
  require(thorax_session_create(model, &options, nullptr, 0, &session, &error), file.string(), error);
  session_.reset(session);
  thorax_info info{};
  info.size = sizeof info;
  require(thorax_describe(model, &info), file.string(), error);
  for (int k = 0; k < info.classes; ++k) {
    classes_.emplace_back(thorax_class_name(model, k));
    float cutoff = 0;
    cutoffs_.push_back(thorax_threshold(model, k, &cutoff) == THORAX_OK ? std::optional(cutoff) : std::nullopt);
  }
}

std::vector<float> EmbeddedModel::predict(const data::Image& image) const {
  thorax_error error = no_error();
  thorax_image raw{};
  raw.size = sizeof raw;
  raw.data = image.grey.data();
  raw.format = THORAX_U8;
  raw.width = static_cast<int>(image.width);
  raw.height = static_cast<int>(image.height);
  std::vector<float> probabilities(classes_.size());
  require(thorax_run(session_.get(), &raw, probabilities.data(), probabilities.size(), &error), "predict", error);
  return probabilities;
}

}  // namespace thorax
