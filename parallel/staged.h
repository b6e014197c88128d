// Communication between GPUs through page-locked memory of the host, for ranks that share a GPU, or have no NCCL: a copy to the
// host, another communicator's operation there in the queue's turn, a copy back. Can be recorded.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "tensor/communicator.h"

namespace thorax::parallel {

class Staged final : public Communicator {
 public:
  // host: for the host's memory.
  explicit Staged(std::unique_ptr<Communicator> host);
  ~Staged() override;

  int rank() const override { return host_->rank(); }
  int size() const override { return host_->size(); }
  std::string name() const override { return host_->name() + " through page-locked memory"; }
  // On a GPU: tensors of one address and size are a pair of page-locked ones, made when they first come and kept. An error of the
  // host's operation is thrown by the queue's wait(), and ends all operations behind it.
  void all_reduce(const Stream& on, const Tensor& t) override;
  void broadcast(const Stream& on, const Tensor& t, int root) override;
  void all_gather(const Stream& on, const Tensor& from, const Tensor& to) override;
  void barrier() override { host_->barrier(); }

 private:
  struct Job;
  enum class Kind : uint8_t { all_reduce, broadcast, all_gather };
  void put(Kind kind, const Stream& on, const Tensor& from, const Tensor& to, int root);
  std::unique_ptr<Communicator> host_;
  std::map<std::tuple<Kind, const void*, const void*, size_t, int>, std::unique_ptr<Job>> jobs_;
};

}  // namespace thorax::parallel
