#include "parallel/join.h"

#include <sys/random.h>

#include <array>
#include <span>

#include "tensor/communicator.h"
#include "tensor/sha256.h"

namespace thorax::parallel {

std::string random_text() {
  std::array<unsigned char, 32> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Error(Fault::machine, "the system has no random numbers");
  std::string text;
  for (const unsigned char b : bytes) text += {"0123456789abcdef"[b >> 4], "0123456789abcdef"[b & 15]};
  return text;
}

std::string proof_of(const std::string& secret, const std::string& challenge) {
  const std::string text = str("thorax rendezvous 1\n", secret, '\n', challenge, '\n', secret);
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.hex();
}

Message Link::receive(Deadline deadline) {
  for (;;) {
    if (auto m = decoder.next()) return *std::move(m);
    if (decoder.bad()) throw CommunicationError("rank 0 says what is no message");
    if (socket.receive_some(decoder.buffer(), deadline) != Received::bytes)
      throw CommunicationError("rank 0 is gone or does not answer");
  }
}

void Link::send(const Message& m, Deadline deadline) const {
  if (!socket.send_all(encode(m), deadline)) throw CommunicationError("rank 0 is gone or does not answer");
}

Link join(const World& world, const std::string& role, Deadline deadline) {
  Link link{connect_to(world.host, world.port, deadline)};
  const Message challenge = link.receive(deadline);
  link.send({Kind::join, str(role, ' ', world.rank, ' ', world.size), proof_of(world.secret, challenge.value)}, deadline);
  const Message answer = link.receive(deadline);
  if (answer.kind == Kind::refused)
    throw Error(Fault::input, str("rank 0 refuses rank ", world.rank, ": ", answer.value),
                "all ranks are started with the same THORAX_SECRET and the same number of processes");
  return link;
}

}  // namespace thorax::parallel
