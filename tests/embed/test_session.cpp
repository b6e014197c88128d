#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <thread>

#include "tests/embed/made_model.h"

using namespace thorax;
using namespace thorax::test;

namespace {

const std::vector<uint8_t> pixels = noise(64 * 64, 5);

thorax_status run(thorax_session* s, float* probabilities) {
  const thorax_image image = grey_image(pixels, 64, 64);
  return thorax_run(s, &image, probabilities, 3, nullptr);
}

thorax_status created(const std::string& file, unsigned flags) {
  const Opened opened(file);
  const thorax_options options = options_of(THORAX_ISA_BEST, 1, flags);
  thorax_session* session = nullptr;
  const thorax_status status = thorax_session_create(opened.model, &options, nullptr, 0, &session, nullptr);
  CHECK((session != nullptr) == (status == THORAX_OK));
  thorax_session_destroy(session);
  return status;
}

// With one bit of a float of a section flipped, and right checksums.
std::string flipped(uint32_t section, size_t number, uint32_t bit) {
  std::string file = small_file();
  char* at = file.data() + section_of(file, section).offset + 4 * number;
  uint32_t value = 0;
  std::memcpy(&value, at, 4);
  value ^= bit;
  std::memcpy(at, &value, 4);
  return repaired(file);
}

// The best kernels; one of them leaves its first number a little too large.
const embed::Kernels* const right_kernels = embed::kernels_up_to(THORAX_ISA_BEST);
embed::Kernels wrong_kernels(int which) {
  embed::Kernels k = *right_kernels;
  static constexpr float error = 0.01F, error_of_many = 100;  // Winograd's answers need only be close
  if (which == 0)
    k.conv_row = [](const embed::ConvRow& row) { right_kernels->conv_row(row), *row.y += error; };
  else if (which == 1)
    k.clamp = [](const float* x, const float* low, const float* high, float* y, int count) {
      right_kernels->clamp(x, low, high, y, count), *y += error;
    };
  else if (which == 2)
    k.clamp_pool = [](const float* x, const float* below, const float* low, const float* high, float* y, int count) {
      right_kernels->clamp_pool(x, below, low, high, y, count), *y += error;
    };
  else if (which == 3)
    k.max_pool = [](const float* const rows[3], int width, float* y, int count) {
      right_kernels->max_pool(rows, width, y, count), *y += error;
    };
  else if (which == 4)
    k.sum = [](const float* x, const float* low, const float* high, int count, float* sum) {
      right_kernels->sum(x, low, high, count, sum), *sum += error;
    };
  else if (which == 5)
    k.winograd_in = [](const float* const rows[6], int columns, int tiles, float* v, ptrdiff_t stride) {
      right_kernels->winograd_in(rows, columns, tiles, v, stride), std::fill_n(v, 16, error_of_many);
    };
  else
    k.winograd_out = [](const float* m, ptrdiff_t stride, const embed::WinogradOut& to) {
      right_kernels->winograd_out(m, stride, to), std::fill_n(to.y, 16, error_of_many);
    };
  return k;
}

struct CountingHost {
  thorax_host host{};
  int taken = 0, released = 0;
  size_t taken_bytes = 0;
  bool refuses = false;
  CountingHost() {
    host.size = sizeof host;
    host.user = this;
    host.alloc = [](void* user, size_t bytes, size_t align) -> void* {
      auto* self = static_cast<CountingHost*>(user);
      if (self->refuses) return nullptr;
      ++self->taken;
      self->taken_bytes = bytes;
      return std::aligned_alloc(align, (bytes + align - 1) / align * align);
    };
    host.release = [](void* user, void* memory, size_t bytes) {
      auto* self = static_cast<CountingHost*>(user);
      ++self->released;
      CHECK(bytes == self->taken_bytes);
      std::free(memory);
    };
  }
};

}  // namespace

TEST_CASE("session: needs exactly the memory that it tells, and leaves what lies around it alone") {
  const Opened opened(small_file());
  for (const int threads : {1, 3}) {
    const thorax_options options = options_of(THORAX_ISA_BEST, threads);
    size_t bytes = 0, align = 0;
    REQUIRE(thorax_session_size(opened.model, &options, &bytes, &align, nullptr) == THORAX_OK);
    REQUIRE(align == 4096);
    const Buffer memory(bytes + 2 * align);
    std::memset(memory.data(), 0xa5, memory.bytes());
    thorax_session* s = nullptr;
    std::byte* const start = memory.data() + align;
    CHECK(thorax_session_create(opened.model, &options, start, bytes - 1, &s, nullptr) == THORAX_NO_MEMORY);
    CHECK(thorax_session_create(opened.model, &options, start + 64, bytes, &s, nullptr) == THORAX_BAD_ARG);
    REQUIRE(thorax_session_create(opened.model, &options, start, bytes, &s, nullptr) == THORAX_OK);
    float probabilities[3], again[3];
    CHECK(run(s, probabilities) == THORAX_OK);
    CHECK(run(s, again) == THORAX_OK);
    CHECK(std::memcmp(probabilities, again, sizeof again) == 0);
    thorax_stats stats{};
    stats.size = sizeof stats;
    CHECK(thorax_get_stats(s, &stats) == THORAX_OK);
    CHECK(stats.memory_bytes == bytes);
    CHECK(stats.runs == 2);
    CHECK(stats.threads == threads);
    thorax_session_destroy(s);
    bool untouched = true;
    for (size_t i = 0; i < align; ++i)
      untouched = untouched && memory.data()[i] == std::byte{0xa5} && start[bytes + i] == std::byte{0xa5};
    CHECK(untouched);
  }
}

TEST_CASE("session: DenseNet-121 at 512x512 takes less than 21 MB on one thread, and 2 MB more on two") {
  const Opened opened(MadeModel("densenet121", 512).thx());
  for (int threads = 1; threads <= 2; ++threads) {
    const thorax_options options = options_of(THORAX_ISA_BEST, threads);
    size_t bytes = 0, align = 0;
    REQUIRE(thorax_session_size(opened.model, &options, &bytes, &align, nullptr) == THORAX_OK);
    CHECK(bytes < 19000000 + 2000000 * static_cast<size_t>(threads));
  }
}

TEST_CASE("session: the host's memory is asked for once and given back") {
  const Opened opened(small_file());
  CountingHost host;
  thorax_options options = options_of(THORAX_ISA_BEST, 1);
  options.host = &host.host;
  size_t bytes = 0, align = 0;
  REQUIRE(thorax_session_size(opened.model, &options, &bytes, &align, nullptr) == THORAX_OK);
  thorax_session* s = nullptr;
  REQUIRE(thorax_session_create(opened.model, &options, nullptr, 0, &s, nullptr) == THORAX_OK);
  float probabilities[3];
  CHECK(run(s, probabilities) == THORAX_OK);
  CHECK(host.taken == 1);
  CHECK(host.taken_bytes == bytes);
  CHECK(host.released == 0);
  thorax_session_destroy(s);
  CHECK(host.released == 1);
  host.refuses = true;
  CHECK(thorax_session_create(opened.model, &options, nullptr, 0, &s, nullptr) == THORAX_NO_MEMORY);
  CHECK(s == nullptr);
}

TEST_CASE("session: the self-test finds a changed weight, a changed answer and nothing else") {
  CHECK(created(small_file(), 0) == THORAX_OK);
  const embed::Section weights = section_of(small_file(), 1);
  const size_t classifier = weights.length / 4 - 96 * 32;  // [96][16] twice
  for (size_t c = 0; c < 96; c += 12) {
    const std::string file = flipped(1, classifier + 16 * c, 1U << 20);
    CHECK(created(file, 0) == THORAX_SELFTEST);
    CHECK(created(file, THORAX_NO_SELFTEST) == THORAX_OK);
  }
  CHECK(created(flipped(1, 24 * 16 + 3, 1U << 22), 0) == THORAX_SELFTEST);  // the stem's middle
  CHECK(created(flipped(2, 3, 1U << 22), 0) == THORAX_SELFTEST);            // its bias
  const size_t record = sizeof(embed::VectorsHeader) / 4;
  for (const size_t answer : {record + 2, record + 4, record + 5 + 2})
    CHECK(created(flipped(8, answer, 1), 0) == THORAX_SELFTEST);
  CHECK(created(flipped(4, 3, 1U << 16), 0) == THORAX_SELFTEST);  // the mean of preprocessing
  const Opened opened(small_file());
  const Session session(opened, options_of(THORAX_ISA_BEST, 2));
  CHECK(thorax_self_test(session.session, nullptr) == THORAX_OK);
}

TEST_CASE("session: the self-test finds every kernel that is wrong, and a weight that changes in memory") {
  const Opened opened(small_file());
  const Session made(opened, options_of(THORAX_ISA_BEST, 2, THORAX_WINOGRAD));
  thorax_session* s = made.session;
  for (int which = 0; which < 7; ++which) {
    CAPTURE(which);
    const embed::Kernels wrong = wrong_kernels(which);
    s->machine.kernels = &wrong;
    CHECK(thorax_self_test(s, nullptr) == THORAX_SELFTEST);
    s->machine.kernels = right_kernels;
    CHECK(thorax_self_test(s, nullptr) == THORAX_OK);
  }
  auto* weight = const_cast<float*>(opened.model->file.member[0].weights) + 24 * 16 + 3;  // the stem's middle
  const float before = *weight;
  *weight += 0.01F;
  CHECK(thorax_self_test(s, nullptr) == THORAX_SELFTEST);
  *weight = before;
  CHECK(thorax_self_test(s, nullptr) == THORAX_OK);
}

TEST_CASE("session: a second caller is told that it is busy") {
  const Opened opened(small_file());
  struct Reentering {
    thorax_session* session = nullptr;
    thorax_status status = THORAX_OK;
  } state;
  thorax_host host{};
  host.size = sizeof host;
  host.user = &state;
  host.parallel = [](void* user, int n, void (*task)(void*, int), void* context) {
    auto* s = static_cast<Reentering*>(user);
    float ignored[3];
    if (s->session != nullptr) s->status = run(s->session, ignored);
    for (int i = n - 1; i >= 0; --i) task(context, i);
  };
  thorax_options options = options_of(THORAX_ISA_BEST, 3);
  options.host = &host;
  const Session own(opened, options_of(THORAX_ISA_BEST, 1)), lent(opened, options);
  state.session = lent.session;
  float expected[3], probabilities[3];
  CHECK(run(own.session, expected) == THORAX_OK);
  CHECK(run(lent.session, probabilities) == THORAX_OK);
  CHECK(state.status == THORAX_BUSY);
  CHECK(std::memcmp(expected, probabilities, sizeof expected) == 0);
}

TEST_CASE("session: a cancelled run says so, and the next one is whole") {
  const Opened opened(small_file());
  for (const int threads : {1, 2}) {
    const Session session(opened, options_of(THORAX_ISA_BEST, threads));
    float before[3], after[3], map[4];
    CHECK(thorax_cam(session.session, 0, map, 2, 2, 0, nullptr) == THORAX_STATE);
    CHECK(run(session.session, before) == THORAX_OK);
    CHECK(thorax_cam(session.session, 0, map, 2, 2, 0, nullptr) == THORAX_OK);
    CHECK(thorax_cancel(session.session) == THORAX_OK);
    CHECK(run(session.session, after) == THORAX_CANCELLED);
    CHECK(thorax_cam(session.session, 0, map, 2, 2, 0, nullptr) == THORAX_STATE);
    CHECK(run(session.session, after) == THORAX_OK);
    CHECK(std::memcmp(before, after, sizeof before) == 0);
    // From elsewhere, at any time: whole or cancelled, nothing else.
    std::atomic<bool> done = false;
    std::thread canceller([&] {
      while (!done) thorax_cancel(session.session);
    });
    for (int i = 0; i < 20; ++i) {
      const thorax_status status = run(session.session, after);
      CHECK((status == THORAX_OK || status == THORAX_CANCELLED));
    }
    done = true;
    canceller.join();
  }
}

TEST_CASE("session: a child process is told that its threads are missing") {
  const Opened opened(small_file());
  const Session with(opened, options_of(THORAX_ISA_BEST, 2)), without(opened, options_of(THORAX_ISA_BEST, 1));
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    float probabilities[3];
    const bool right = run(with.session, probabilities) == THORAX_FORKED && run(without.session, probabilities) == THORAX_OK;
    thorax_session_destroy(with.session);
    _exit(right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  float probabilities[3];
  CHECK(run(with.session, probabilities) == THORAX_OK);
}

TEST_CASE("session: structs of older and newer callers") {
  const Opened opened(small_file());
  size_t bytes = 0, align = 0;
  struct Newer {
    thorax_options options;
    int later;
  } newer{};
  newer.options.size = sizeof newer;
  CHECK(thorax_session_size(opened.model, &newer.options, &bytes, &align, nullptr) == THORAX_OK);
  newer.later = 1;
  CHECK(thorax_session_size(opened.model, &newer.options, &bytes, &align, nullptr) == THORAX_BAD_ARG);
  thorax_options older{};
  older.size = offsetof(thorax_options, threads);
  older.threads = 77777;  // not its
  CHECK(thorax_session_size(opened.model, &older, &bytes, &align, nullptr) == THORAX_OK);
  older.size = 0;
  CHECK(thorax_session_size(opened.model, &older, &bytes, &align, nullptr) == THORAX_BAD_ARG);
  thorax_info info{};
  info.size = offsetof(thorax_info, classes);
  info.classes = -5;
  CHECK(thorax_describe(opened.model, &info) == THORAX_OK);
  CHECK(info.members == 1);
  CHECK(info.classes == -5);
}

TEST_CASE("session: wrong arguments") {
  const Opened opened(small_file());
  const auto size_of_session = [&](const thorax_options& o) {
    size_t bytes = 0, align = 0;
    return thorax_session_size(opened.model, &o, &bytes, &align, nullptr);
  };
  thorax_options o = options_of(THORAX_ISA_BEST, 65);
  CHECK(size_of_session(o) == THORAX_BAD_ARG);
  o = options_of(THORAX_ISA_BEST, -1);
  CHECK(size_of_session(o) == THORAX_BAD_ARG);
  o = options_of(99, 1);
  CHECK(size_of_session(o) == THORAX_BAD_ARG);
  o = options_of(THORAX_ISA_BEST, 1, 4);
  CHECK(size_of_session(o) == THORAX_BAD_ARG);
  o = options_of(THORAX_ISA_BEST, 1);
  o.precision = 4;
  CHECK(size_of_session(o) == THORAX_UNSUPPORTED);
  const Session session(opened, options_of(THORAX_ISA_BEST, 1));
  float probabilities[3], map[4];
  const thorax_image image = grey_image(pixels, 64, 64);
  thorax_error error{};
  error.size = sizeof error;
  CHECK(thorax_run(session.session, &image, probabilities, 2, &error) == THORAX_BAD_ARG);
  CHECK(error.code == THORAX_BAD_ARG);
  CHECK(std::string(error.text) == "room for fewer probabilities than there are classes");
  CHECK(thorax_run(nullptr, &image, probabilities, 3, nullptr) == THORAX_BAD_ARG);
  CHECK(thorax_run(session.session, nullptr, probabilities, 3, nullptr) == THORAX_BAD_ARG);
  CHECK(run(session.session, probabilities) == THORAX_OK);
  CHECK(thorax_cam(session.session, 3, map, 2, 2, 0, nullptr) == THORAX_BAD_ARG);
  CHECK(thorax_cam(session.session, 0, map, 0, 2, 0, nullptr) == THORAX_BAD_ARG);
  CHECK(thorax_cam(session.session, 0, map, 2, 2, 1, nullptr) == THORAX_BAD_ARG);
  CHECK(std::string(thorax_status_text(THORAX_SELFTEST)) == "the self-test failed");
  CHECK(std::string(thorax_status_text(999)) == "unknown status");
}
