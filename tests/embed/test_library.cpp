// The shared library in a program of others: the example in C, and loading and unloading.
#ifdef THORAX_LIBRARY
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/embed/made_model.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("library: the example in C gives the probabilities that we get") {
  const MadeModel model("densenet_tiny", 64);
  const std::string file = model.thx();
  const TemporaryFolder folder;
  write_text(folder / "model.thx", file);
  const std::vector<uint8_t> pixels = noise(80 * 70, 5);
  write_text(folder / "image.pgm", "P5 80 70 255\n" + std::string(pixels.begin(), pixels.end()));
  const std::string command =
      std::string(THORAX_CLASSIFY) + " " + (folder / "model.thx").string() + " " + (folder / "image.pgm").string();
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char text[512] = {};
  const size_t count = fread(text, 1, sizeof text - 1, pipe);
  CHECK(pclose(pipe) == 0);
  REQUIRE(count > 0);

  const Opened opened(file);
  const Session session(opened, options_of(THORAX_ISA_PORTABLE, 1));
  float p[3];
  const thorax_image image = grey_image(pixels, 80, 70);
  REQUIRE(thorax_run(session.session, &image, p, 3, nullptr) == THORAX_OK);
  char expected[512];
  std::snprintf(expected, sizeof expected, "%.9g A%s\n%.9g B\n%.9g C\n", double{p[0]}, p[0] >= 0.25F ? " +" : "", double{p[1]},
                double{p[2]});
  CHECK(std::string(text) == expected);
}

namespace {

// Of this process: what it holds.
std::ptrdiff_t entries(const char* folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}
std::ptrdiff_t mappings() {
  const std::string maps = read_text("/proc/self/maps");
  CHECK(maps.find("libthorax.so") == std::string::npos);
  return std::count(maps.begin(), maps.end(), '\n');
}

}  // namespace

TEST_CASE("library: loaded, used with threads and unloaded a hundred times: nothing is left behind") {
  const TemporaryFolder folder;
  write_text(folder / "model.thx", small_file());
  const std::ptrdiff_t threads = entries("/proc/self/task"), files = entries("/proc/self/fd");
  std::ptrdiff_t mapped = 0;
  for (int i = 0; i < 100; ++i) {
    void* library = dlopen(THORAX_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    const auto open = reinterpret_cast<decltype(&thorax_open)>(dlsym(library, "thorax_open"));
    const auto create = reinterpret_cast<decltype(&thorax_session_create)>(dlsym(library, "thorax_session_create"));
    const auto destroy = reinterpret_cast<decltype(&thorax_session_destroy)>(dlsym(library, "thorax_session_destroy"));
    const auto close = reinterpret_cast<decltype(&thorax_close)>(dlsym(library, "thorax_close"));
    REQUIRE((open != nullptr && create != nullptr && destroy != nullptr && close != nullptr));
    thorax_model* model = nullptr;
    thorax_session* session = nullptr;
    const thorax_options options = options_of(THORAX_ISA_BEST, 2);
    CHECK(open((folder / "model.thx").c_str(), nullptr, &model, nullptr) == THORAX_OK);
    CHECK(create(model, &options, nullptr, 0, &session, nullptr) == THORAX_OK);  // runs the self-test
    destroy(session);
    close(model);
    CHECK(dlclose(library) == 0);
    CHECK(entries("/proc/self/task") == threads);
    CHECK(entries("/proc/self/fd") == files);
    if (i == 0) mapped = mappings();
  }
  CHECK(mappings() <= mapped);
}
#endif
