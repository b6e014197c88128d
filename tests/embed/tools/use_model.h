// libthorax used from outside, without a framework: a condition that ends the program, a model at work.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "embed/thorax.h"

#define REQUIRE(condition)                                        \
  do {                                                            \
    if (!(condition)) {                                           \
      std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                               \
    }                                                             \
  } while (false)

namespace thorax::test {

using Probabilities = std::array<float, 3>;  // tiny_model's classes

template <class T>
T sized() {
  T t;
  std::memset(&t, 0, sizeof t);
  t.size = sizeof t;
  return t;
}

inline thorax_status run(thorax_session* session, Probabilities& p) {
  static constexpr int side = 70;
  std::vector<unsigned char> pixels(side * side);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<unsigned char>(i * i % 251);
  thorax_image image = sized<thorax_image>();
  image.data = pixels.data();
  image.format = THORAX_U8;
  image.width = image.height = side;
  return thorax_run(session, &image, p.data(), p.size(), nullptr);
}

inline thorax_options with_threads(int threads) {
  thorax_options options = sized<thorax_options>();
  options.threads = threads;
  return options;
}

inline thorax_model* opened(const char* path) {
  thorax_model* model = nullptr;
  REQUIRE(thorax_open(path, nullptr, &model, nullptr) == THORAX_OK);
  return model;
}

inline thorax_session* created(const thorax_model* model, int threads) {
  const thorax_options options = with_threads(threads);
  thorax_session* session = nullptr;
  REQUIRE(thorax_session_create(model, &options, nullptr, 0, &session, nullptr) == THORAX_OK);
  return session;
}

// Everything from opening to closing.
inline Probabilities answer_of(const char* path, int threads) {
  thorax_model* model = opened(path);
  thorax_session* session = created(model, threads);
  Probabilities p{};
  REQUIRE(run(session, p) == THORAX_OK);
  thorax_session_destroy(session);
  thorax_close(model);
  return p;
}

}  // namespace thorax::test
