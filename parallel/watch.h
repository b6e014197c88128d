// A rank's side of being watched: a thread that shows rank 0 that this process is alive, and hears when another is not.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "parallel/join.h"

namespace thorax::parallel {

// Called once, from the watch's thread: the training has ended with this exit code, because of what the text says of a rank.
using OnVerdict = std::function<void(int code, const std::string& text)>;

class Watch {
 public:
  Watch(const World& world, Deadline deadline, OnVerdict on_verdict);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // This rank has done its work: its end is no failure.
  void leave();
  // This rank ends because of an error: the others learn which and why.
  void fail(int code, const std::string& why);

 private:
  void listen();
  bool say(const Message& m);
  void judge(int code, const std::string& text);

  Link link_;
  OnVerdict on_verdict_;
  std::mutex sending_;
  std::atomic<bool> ending_ = false;
  std::jthread thread_;
};

}  // namespace thorax::parallel
