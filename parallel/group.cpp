#include "parallel/group.h"

#include <fcntl.h>

#include <set>

#include "parallel/gloo.h"
#include "parallel/nccl.h"
#include "parallel/single.h"
#include "parallel/staged.h"

namespace thorax::parallel {

namespace {
constexpr std::chrono::seconds meeting{150};  // longer than the rendezvous waits before it names who is missing

// A launcher's, for this process alone.
Socket taken(int listener) {
  if (fcntl(listener, F_SETFD, FD_CLOEXEC) != 0)
    throw Error(Fault::input, "the environment's THORAX_LISTENER is no open file", "only thorax itself sets it");
  return Socket(listener);
}

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

}  // namespace

Group::Group(const World& world, const OnVerdict& on_verdict, Socket listener) : world_(world) {
  if (world_.size == 1) return;
  const Deadline deadline = Clock::now() + meeting;
  if (world_.rank == 0) {
    if (!listener) listener = world_.listener >= 0 ? taken(world_.listener) : listen_at(world_.host, world_.port);
    rendezvous_.emplace(std::move(listener), RendezvousOptions{.size = world_.size, .secret = world_.secret});
  }
  watch_.emplace(world_, deadline, on_verdict);
  keys_.emplace(world_, deadline);
}

Communicator& Group::connect(const Stream& stream) {
  const Deadline deadline = Clock::now() + meeting;
  if (world_.size == 1)
    communicator_ = std::make_unique<Single>();
  else if (each_has_a_gpu_for_nccl(world_, *keys_, deadline, stream))
    communicator_ = make_nccl(world_, *keys_, deadline, stream.queue);
  else if (stream.queue != nullptr)
    communicator_ = std::make_unique<Staged>(make_gloo(world_, *keys_, deadline));
  else
    communicator_ = make_gloo(world_, *keys_, deadline);
  return *communicator_;
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
