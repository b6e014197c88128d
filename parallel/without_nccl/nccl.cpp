#include "parallel/nccl.h"

namespace thorax::parallel {

std::string nccl_version() {
  return {};
}

std::unique_ptr<Communicator> make_nccl(const World&, Keys&, Deadline, const std::shared_ptr<Queue>&) {
  throw Error(Fault::machine, "this program was built without NCCL", "THORAX_NCCL=ON builds it in");
}

}  // namespace thorax::parallel
