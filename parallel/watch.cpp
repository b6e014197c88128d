#include "parallel/watch.h"

#include <algorithm>

#include "parallel/rendezvous.h"
#include "tensor/communicator.h"

namespace thorax::parallel {

namespace {
constexpr std::chrono::milliseconds tick{250};
}

Watch::Watch(const World& world, Deadline deadline, OnVerdict on_verdict)
    : link_(join(world, "watch", deadline)), on_verdict_(std::move(on_verdict)), thread_([this] { listen(); }) {}

Watch::~Watch() {
  ending_ = true;
}

bool Watch::say(const Message& m) {
  const std::scoped_lock lock(sending_);
  return link_.socket.send_all(encode(m), Clock::now() + std::chrono::seconds(2));
}

void Watch::leave() {
  ending_ = true;
  say({Kind::leave});
}

void Watch::fail(int code, const std::string& why) {
  ending_ = true;
  say({Kind::failed, std::to_string(code), why});
}

void Watch::judge(int code, const std::string& text) {
  if (!ending_.exchange(true)) on_verdict_(code, text);
}

void Watch::listen() {
  std::chrono::milliseconds silence{0};
  std::chrono::milliseconds unsaid{0};
  auto last = Clock::now();
  while (!ending_) {
    const Received received = link_.socket.receive_some(link_.decoder.buffer(), Clock::now() + tick);
    const auto now = Clock::now();
    // As in the rendezvous: only time in which this process ran.
    const auto passed = std::min(std::chrono::duration_cast<std::chrono::milliseconds>(now - last), 2 * tick);
    last = now;
    silence = received == Received::bytes ? std::chrono::milliseconds{0} : silence + passed;
    while (const auto m = link_.decoder.next()) {
      if (m->kind == Kind::verdict) return judge(m->key == "2" ? 2 : m->key == "1" ? 1 : 3, m->value);
    }
    if (link_.decoder.bad()) return judge(3, "rank 0 says what is no message");
    if (silence > alive_limit) return judge(3, str("rank 0 has not answered for ", alive_limit.count() / 1000, " seconds"));
    if (received == Received::end) return judge(3, "rank 0 has ended");
    unsaid += passed;
    if (unsaid >= alive_interval) {
      unsaid = std::chrono::milliseconds{0};
      if (!say({Kind::alive})) return judge(3, "rank 0 has ended");
    }
  }
}

}  // namespace thorax::parallel
