// Communication between processes on CPUs by gloo, over TCP.
#pragma once

#include <memory>

#include "parallel/keys.h"
#include "parallel/world.h"
#include "tensor/communicator.h"

namespace thorax::parallel {

// Connects to all other ranks; they learn each other's addresses through the keys. Throws CommunicationError when one does not
// come until the deadline, Error(machine) in a build without gloo.
std::unique_ptr<Communicator> make_gloo(const World& world, Keys& keys, Deadline deadline);

}  // namespace thorax::parallel
