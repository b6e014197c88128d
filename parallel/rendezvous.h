// Where the ranks of a training meet: a thread of rank 0 that keeps keys and values for them, watches whether each is alive, and
// tells all when one is not. Whoever does not prove to know the secret, or sends garbage, is dropped.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "parallel/socket.h"

namespace thorax::parallel {

// Between two signs of life, and how long their absence is borne. Time in which this process itself did not run does not count.
constexpr std::chrono::milliseconds alive_interval{1000};
constexpr std::chrono::milliseconds alive_limit{15000};

struct RendezvousOptions {
  int size = 1;
  std::string secret{};
  std::chrono::milliseconds join_limit{10000};    // for whoever connects to prove who it is
  std::chrono::milliseconds start_limit{120000};  // for all ranks to come
  std::chrono::milliseconds silence_limit = alive_limit;
};

class Rendezvous {
 public:
  Rendezvous(Socket listener, const RendezvousOptions& options);
  // Waits a few seconds for ranks that have not left yet.
  ~Rendezvous();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace thorax::parallel
