// How a rank proves to the rendezvous that it belongs to it.
#pragma once

#include <string>

#include "parallel/message.h"
#include "parallel/socket.h"
#include "parallel/world.h"

namespace thorax::parallel {

// 256 random bits, in hexadecimal digits.
std::string random_text();

// Of somebody who knows the secret, for a number that is used once.
std::string proof_of(const std::string& secret, const std::string& challenge);

// A connection that has messages.
struct Link {
  Socket socket;
  Decoder decoder{};

  // The next message. Throws CommunicationError when the other side is gone, sends garbage, or says nothing until the deadline.
  Message receive(Deadline deadline);
  void send(const Message& m, Deadline deadline) const;
};

// Connects to rank 0 and is let in. role: "keys" or "watch". Throws CommunicationError, or Error(input) with rank 0's reason to
// refuse.
Link join(const World& world, const std::string& role, Deadline deadline);

}  // namespace thorax::parallel
