#include "parallel/keys.h"

#include "tensor/communicator.h"

namespace thorax::parallel {

void Keys::set(const std::string& key, const std::string& value) {
  link_.send({Kind::set, key, value}, Clock::now() + std::chrono::seconds(30));
}

std::string Keys::get(const std::string& key, Deadline deadline) {
  link_.send({Kind::get, key, {}}, deadline);
  Message m = link_.receive(deadline);
  if (m.kind != Kind::value || m.key != key) throw CommunicationError(str("rank 0 answers another question than ", key));
  return std::move(m.value);
}

}  // namespace thorax::parallel
