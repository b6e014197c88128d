// One decoder process, as the program sees it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "data/sandbox_wire.h"
#include "tensor/file.h"

namespace thorax::data {

class DecoderProcess {
 public:
  // In seconds, for one file. A slow or busy machine is no hang: computing counts, the rest only in the end.
  struct Limits {
    double computing = 9;
    double in_all = 60;
  };
  // Starts it and waits until it is locked up. Throws Error(machine).
  explicit DecoderProcess(const Limits& limits);
  DecoderProcess() : DecoderProcess(Limits()) {}
  DecoderProcess(const DecoderProcess&) = delete;
  DecoderProcess& operator=(const DecoderProcess&) = delete;
  ~DecoderProcess();  // ends it

  enum class End { answered, crashed, too_long };
  struct Result {
    End end = End::answered;
    Outcome outcome = Outcome::failed;  // where it answered
    int signal = 0;                     // where it crashed; 0: it ended by itself
  };
  // Where the outcome is done, use gets the samples where the process wrote them: it may still change them, so whatever is read
  // there is nothing but a number of its type. After an end other than `answered` the process is gone.
  Result decode(const CodecJob& job, std::span<const uint8_t> in, const UseSamples& use);

  wire::Isolation isolation() const { return isolation_; }
  uint64_t served() const { return served_; }
  double seconds_of_computing() const;
  pid_t pid() const { return pid_; }

 private:
  void start();
  bool wait();  // for a message; false: time is over
  void release(size_t in_bytes, size_t out_bytes);
  int reap();  // the signal that ended it

  Limits limits_;
  Descriptor socket_;
  uint8_t* memory_ = nullptr;
  pid_t pid_ = -1;
  wire::Isolation isolation_ = wire::Isolation::full;
  uint64_t served_ = 0;
};

}  // namespace thorax::data
