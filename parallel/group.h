// One rank of a training: met with the others, watched, and connected with them. The rendezvous asks for the secret, if there
// is one; what goes from rank to rank afterwards is neither asked for it nor encrypted, and is meant for a network of one's own.
#pragma once

#include <memory>
#include <optional>

#include "parallel/keys.h"
#include "parallel/rendezvous.h"
#include "parallel/watch.h"
#include "tensor/communicator.h"

namespace thorax::parallel {

class Group {
 public:
  // Meets the others; rank 0 serves the rendezvous, at its address or with a listener that is there already. A world of one
  // needs nobody.
  Group(const World& world, const OnVerdict& on_verdict, Socket listener = {});

  // Once. stream: where this rank computes. NCCL connects ranks of which each has a GPU of its own, gloo all others.
  Communicator& connect(const Stream& stream);
  Communicator& communicator() { return *communicator_; }
  const World& world() const { return world_; }

  // When all have done their work.
  void leave();
  // This rank ends because of an error. Where that is about the connection, the reason lies elsewhere: waits until the verdict
  // that names it has come, at most as long as finding it takes.
  void fail(int code, const std::string& why, bool lost_connection);

 private:
  World world_;
  std::optional<Rendezvous> rendezvous_;
  std::optional<Watch> watch_;
  std::optional<Keys> keys_;
  std::unique_ptr<Communicator> communicator_;
};

}  // namespace thorax::parallel
