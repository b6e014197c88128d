// A rank's connection to the keys and values of the rendezvous. One thread at a time.
#pragma once

#include "parallel/join.h"

namespace thorax::parallel {

class Keys {
 public:
  Keys(const World& world, Deadline deadline) : link_(join(world, "keys", deadline)) {}

  void set(const std::string& key, const std::string& value);
  // Waits until some rank has set it. Throws CommunicationError at the deadline.
  std::string get(const std::string& key, Deadline deadline);
  // By which the others reach this rank: the one that it reaches rank 0 with.
  std::string address() const { return link_.socket.address(); }

 private:
  Link link_;
};

}  // namespace thorax::parallel
