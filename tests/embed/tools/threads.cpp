// Many sessions of one model in many threads, and many threads at one session: threads MODEL.thx; under ThreadSanitizer.
#include <atomic>
#include <thread>

#include "tests/embed/tools/use_model.h"

using namespace thorax::test;

namespace {

// Eight sessions at once, with one to three threads each.
void own_sessions(const thorax_model* model, const Probabilities& right) {
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([model, &right, i] {
      thorax_session* session = created(model, 1 + i % 3);
      for (int k = 0; k < 3; ++k) {
        Probabilities p{};
        float map[12];
        REQUIRE(run(session, p) == THORAX_OK && p == right);
        REQUIRE(thorax_cam(session, k, map, 4, 3, 0, nullptr) == THORAX_OK);
        REQUIRE(thorax_self_test(session, nullptr) == THORAX_OK);
      }
      thorax_session_destroy(session);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

// One session in four hands, a fifth that cancels: every answer is whole or none.
void shared_session(const thorax_model* model, const Probabilities& right) {
  thorax_session* session = created(model, 2);
  std::atomic<int> whole = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int k = 0; k < 20; ++k) {
        Probabilities p{};
        const thorax_status status = run(session, p);
        REQUIRE(status == THORAX_BUSY || status == THORAX_CANCELLED || (status == THORAX_OK && p == right));
        whole += status == THORAX_OK ? 1 : 0;
      }
    });
  }
  for (int k = 0; k < 5; ++k) {
    REQUIRE(thorax_cancel(session) == THORAX_OK);
    std::this_thread::yield();
  }
  for (std::thread& caller : callers) caller.join();
  Probabilities p{};
  run(session, p);  // takes a cancellation that came last
  REQUIRE(run(session, p) == THORAX_OK && p == right);
  std::printf("%d of 80 calls at one session were whole\n", whole.load());
  thorax_session_destroy(session);
}

}  // namespace

int main(int argc, char** argv) {
  REQUIRE(argc == 2);
  const Probabilities right = answer_of(argv[1], 1);
  std::vector<std::thread> openers;
  for (int i = 0; i < 3; ++i) openers.emplace_back([&] { REQUIRE(answer_of(argv[1], 2) == right); });
  for (std::thread& opener : openers) opener.join();
  thorax_model* model = opened(argv[1]);
  own_sessions(model, right);
  shared_session(model, right);
  thorax_close(model);
}
