#include "tensor/input_stage.h"

#include <cstring>

#include "tensor/error.h"

namespace thorax {

InputStage::InputStage(std::shared_ptr<Queue> compute, size_t bytes) : compute_(std::move(compute)), copies_(compute_->beside()) {
  for (Side& side : sides_) side = {Buffer(bytes, Place::pinned), Buffer(bytes, Place::gpu)};
}

void InputStage::send(std::span<const std::byte> content) {
  Side& side = sides_[next_];
  if (content.size() > side.host.bytes())
    throw Error(Fault::defect, str("input stage: ", content.size(), " bytes for ", side.host.bytes()));
  copies_->wait();  // this side's last copy was begun two batches ago
  std::memcpy(side.host.data(), content.data(), content.size());
  copies_->after(*compute_);  // what reads this side's memory on the GPU has been put in there
  copies_->copy(side.gpu.data(), side.host.data(), content.size());
  sent_ = true;
}

const std::byte* InputStage::take() {
  if (!sent_) return nullptr;
  compute_->after(*copies_);
  const std::byte* const at = sides_[next_].gpu.data();
  next_ = 1 - next_;
  sent_ = false;
  return at;
}

}  // namespace thorax
