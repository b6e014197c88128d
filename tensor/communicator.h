// What processes that train one model together need of each other. Every call is made by all ranks, in the same order, with the
// same shapes. on says where the tensors lie: on a CPU the call returns when this rank's part is done; on a GPU it is put into
// the queue as a kernel is, and may be recorded.
#pragma once

#include <string>

#include "tensor/error.h"
#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace thorax {

// Another rank is gone, or does not answer.
class CommunicationError : public Error {
 public:
  explicit CommunicationError(const std::string& what) : Error(Fault::machine, what) {}
};

class Communicator {
 public:
  Communicator() = default;
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  // What carries the data, for people: "gloo".
  virtual std::string name() const = 0;
  // The sum over the ranks, in place; f32. The order of the additions depends on the count and the size alone, and all ranks
  // get the same bits.
  virtual void all_reduce(const Stream& on, const Tensor& t) = 0;
  // What root has.
  virtual void broadcast(const Stream& on, const Tensor& t, int root) = 0;
  // to: size() times the bytes of from, in the order of the ranks.
  virtual void all_gather(const Stream& on, const Tensor& from, const Tensor& to) = 0;
  // Of what the ranks' processes do, not their queues.
  virtual void barrier() = 0;

  // The same in the host's memory.
  void all_reduce(const Tensor& t) { all_reduce(Stream{}, t); }
  void broadcast(const Tensor& t, int root) { broadcast(Stream{}, t, root); }
  void all_gather(const Tensor& from, const Tensor& to) { all_gather(Stream{}, from, to); }
};

}  // namespace thorax
