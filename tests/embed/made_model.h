// Models with drawn weights, as the trainer computes them and as libthorax gets them.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "apps/export_embed.h"
#include "embed/session.h"
#include "tensor/buffer.h"
#include "tensor/store.h"
#include "tests/embed/thx_bytes.h"

namespace thorax::test {

struct Answer {
  std::vector<float> logits;
  std::vector<float> features;  // densenet_tiny: what is averaged, [channels,side,side]
};

// Batch norms with positive, negative and zero factors. densenet_tiny: small, with every kind of step of a DenseNet.
class MadeModel {
 public:
  MadeModel(const std::string& model, int64_t size, uint64_t seed = 1, std::vector<std::string> classes = {"A", "B", "C"});
  Answer answer(const std::vector<uint8_t>& plane);  // of the trainer
  EmbedMember member() const { return {&description, &store}; }
  std::string thx() const { return models_as_thx({member()}); }

  ModelDescription description;
  Store store;
};

// Of densenet_tiny at 64x64, made once.
const std::string& small_file();

// A file in memory and the model in it.
class Opened {
 public:
  explicit Opened(const std::string& bytes) : memory_(bytes.size()) {
    std::memcpy(memory_.data(), bytes.data(), bytes.size());
    thorax_error error{};
    error.size = sizeof error;
    const thorax_status status = thorax_open_memory(memory_.data(), bytes.size(), nullptr, &model, &error);
    REQUIRE_MESSAGE(status == THORAX_OK, error.text);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { thorax_close(model); }
  thorax_model* model = nullptr;

 private:
  Buffer memory_;
};

inline thorax_options options_of(int isa, int threads, unsigned flags = 0) {
  thorax_options o{};
  o.size = sizeof o;
  o.isa_limit = isa;
  o.threads = threads;
  o.flags = flags;
  return o;
}

class Session {
 public:
  Session(const Opened& opened, const thorax_options& options) {
    thorax_error error{};
    error.size = sizeof error;
    const thorax_status status = thorax_session_create(opened.model, &options, nullptr, 0, &session, &error);
    REQUIRE_MESSAGE(status == THORAX_OK, error.text);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { thorax_session_destroy(session); }
  thorax_session* session = nullptr;
};

inline thorax_image grey_image(const std::vector<uint8_t>& pixels, int width, int height) {
  thorax_image image{};
  image.size = sizeof image;
  image.data = pixels.data();
  image.format = THORAX_U8;
  image.width = width;
  image.height = height;
  return image;
}

std::vector<uint8_t> noise(size_t count, uint64_t seed);

// What a run leaves: logits of the last member, probabilities, maps.
struct Outcome {
  std::vector<float> logits, probabilities, maps;
  bool operator==(const Outcome& o) const {
    const auto same = [](const std::vector<float>& a, const std::vector<float>& b) {
      return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
    };
    return same(logits, o.logits) && same(probabilities, o.probabilities) && same(maps, o.maps);
  }
};

Outcome run(const Opened& opened, thorax_session* s, const thorax_image& image);
Outcome run(const Opened& opened, const thorax_options& options, const thorax_image& image);

inline thorax_status verified(const std::string& bytes) {
  return thorax_verify(bytes.data(), bytes.size(), nullptr);
}

}  // namespace thorax::test
