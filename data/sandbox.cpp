#include "data/sandbox.h"

#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>

#include "data/decoder_process.h"
#include "data/refuse.h"

namespace thorax::data {

namespace {

// A process serves so many images, and computes so long, before a fresh one takes its place: what a broken file may have left
// in it does not last.
constexpr uint64_t most_served = 1000;
constexpr double longest_life = 300;

// Processes that wait for work. Each has one caller at a time.
class Pool {
 public:
  std::unique_ptr<DecoderProcess> take() {
    {
      const std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        auto process = std::move(idle_.back());
        idle_.pop_back();
        return process;
      }
    }
    return std::make_unique<DecoderProcess>();
  }
  void give_back(std::unique_ptr<DecoderProcess> process) {
    if (process->served() >= most_served || process->seconds_of_computing() > longest_life) return;
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(process));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<DecoderProcess>> idle_;
};

Pool& pool() {
  static Pool p;
  return p;
}

[[noreturn]] void refuse_crash(int signal) {
  if (signal == SIGSYS) refuse("its decoder asked for something that decoders may not have, and was ended");
  if (signal == 0) refuse("its decoder ended without an answer");
  const char* name = sigabbrev_np(signal);
  refuse("its decoder crashed, SIG", name == nullptr ? "?" : name);
}

[[noreturn]] void refuse_outcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::broken: refuse("its pixels cannot be decoded");
    case Outcome::other_size: refuse("its pixels are of another size than its header says");
    case Outcome::no_memory: refuse("its decoder needs more than 1 GiB of memory");
    default: refuse("its decoder failed");
  }
}

}  // namespace

void decode_apart(const CodecJob& job, std::span<const uint8_t> in, const UseSamples& use) {
  for (;;) {
    auto process = pool().take();
    const bool fresh = process->served() == 0;
    const DecoderProcess::Result result = process->decode(job, in, use);
    if (result.end == DecoderProcess::End::too_long) refuse("its decoder was still computing after 9 s, and was ended");
    if (result.end == DecoderProcess::End::crashed) {
      // What an earlier file left behind must not count against this one.
      if (!fresh) continue;
      refuse_crash(result.signal);
    }
    if (result.outcome != Outcome::done) refuse_outcome(result.outcome);
    pool().give_back(std::move(process));
    return;
  }
}

std::vector<uint8_t> decode_apart(const CodecJob& job, std::span<const uint8_t> in) {
  std::vector<uint8_t> copy;
  decode_apart(job, in, [&](std::span<const uint8_t> samples) { copy.assign(samples.begin(), samples.end()); });
  return copy;
}

std::string isolation_gap() {
  auto process = pool().take();
  const wire::Isolation isolation = process->isolation();
  pool().give_back(std::move(process));
  switch (isolation) {
    case wire::Isolation::full: return {};
    case wire::Isolation::no_filter:
      return "this system has no seccomp filters: images are decoded in processes of their own, but not without rights";
    case wire::Isolation::sanitizer:
      return "built with a sanitizer: images are decoded in processes of their own, but not without rights";
  }
  return {};
}

}  // namespace thorax::data
