#include "parallel/gloo.h"

namespace thorax::parallel {

std::unique_ptr<Communicator> make_gloo(const World&, Keys&, Deadline) {
  throw Error(Fault::machine, "this program was built without gloo: it trains in one process", "THORAX_GLOO=ON builds it in");
}

}  // namespace thorax::parallel
