// Communication between GPUs by NCCL: kernels in the queue that is given, recorded as others are.
#pragma once

#include <memory>
#include <string>

#include "parallel/keys.h"
#include "parallel/world.h"
#include "tensor/communicator.h"
#include "tensor/queue.h"

namespace thorax::parallel {

// "2.28.9"; empty: a build without NCCL.
std::string nccl_version();

// Connects the GPUs of all ranks; each has another one. The calling thread uses queue's GPU. The keys hand out NCCL's id. Throws
// CommunicationError when they do not reach each other, Error(machine) in a build without NCCL. A connection that breaks later
// ends all that waits for it; queue's wait() and the next call throw CommunicationError with NCCL's reason.
std::unique_ptr<Communicator> make_nccl(const World& world, Keys& keys, Deadline deadline, const std::shared_ptr<Queue>& queue);

}  // namespace thorax::parallel
