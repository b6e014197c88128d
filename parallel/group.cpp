#include "parallel/group.h"

#include <set>

#include "parallel/gloo.h"
#include "parallel/nccl.h"
#include "parallel/single.h"
#include "parallel/staged.h"

namespace thorax::parallel {

namespace {
constexpr std::chrono::seconds meeting{150};  // longer than the rendezvous waits before it names who is missing

// All ranks come to the same answer. NCCL refuses two ranks on one GPU.
bool each_has_a_gpu_for_nccl(const World& world, Keys& keys, Deadline deadline, const Stream& stream) {
  const bool usable = stream.queue != nullptr && !nccl_version().empty();
  keys.set(str("gpu/", world.rank), usable ? stream.queue->gpu().id : "");
  std::set<std::string> ids;
  for (int r = 0; r < world.size; ++r) {
    const std::string id = keys.get(str("gpu/", r), deadline);
    if (id.empty() || !ids.insert(id).second) return false;
  }
  return true;
}

std::unique_ptr<Communicator> connected(const World& world, Keys& keys, Deadline deadline, const Stream& stream) {
  if (each_has_a_gpu_for_nccl(world, keys, deadline, stream)) return make_nccl(world, keys, deadline, stream.queue);
  std::unique_ptr<Communicator> gloo = make_gloo(world, keys, deadline);
  if (stream.queue == nullptr) return gloo;
  return std::make_unique<Staged>(std::move(gloo));
}

}  // namespace

Group::Group(const World& world, const OnVerdict& on_verdict, Socket listener, const Stream& stream) : world_(world) {
  if (world_.size == 1) {
    communicator_ = std::make_unique<Single>();
    return;
  }
  const Deadline deadline = Clock::now() + meeting;
  if (world_.rank == 0) {
    if (!listener) listener = listen_at(world_.host, world_.port);
    rendezvous_.emplace(std::move(listener), RendezvousOptions{.size = world_.size, .secret = world_.secret});
  }
  watch_.emplace(world_, deadline, on_verdict);
  keys_.emplace(world_, deadline);
  communicator_ = connected(world_, *keys_, deadline, stream);
}

void Group::leave() {
  if (!watch_) return;
  communicator_->barrier();
  watch_->leave();
}

void Group::fail(int code, const std::string& why, bool lost_connection) {
  if (!watch_) return;
  if (lost_connection) std::this_thread::sleep_for(alive_limit + std::chrono::seconds(5));
  watch_->fail(code, why);
}

}  // namespace thorax::parallel
