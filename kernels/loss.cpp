#include "kernels/loss.h"

#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void loss_forward_backward(const Stream&, const Tensor&, const Tensor&, const Tensor&, const LossTable&, float*,
                                        const Tensor&))

void require_loss(const Stream& stream, const LossTable& table) {
  if (stream.device == Device::cpu || table.classes() <= most_gpu_classes) return;
  throw Error(Fault::machine,
              str("a loss over ", table.classes(), " classes: on a GPU at most ", most_gpu_classes, " are possible"),
              "--device cpu has no such limit");
}

void loss_forward_backward(const Stream& stream, const Tensor& logits, const Tensor& labels, const Tensor& mask,
                           const LossTable& table, float* loss, const Tensor& dlogits) {
  const char* op = "loss_forward_backward";
  require(logits.shape.rank() == 2 && logits.shape[1] == table.classes() && table.inverse_count.size() == table.of.size() &&
              table.no_finding < table.classes(),
          op, "logits is ", logits.shape, ", the table is for ", table.classes(), " classes, ", table.inverse_count.size(),
          " counts and class ", table.no_finding);
  require_plain(op, "logits", logits, DType::f32, logits.shape);
  require_plain(op, "labels", labels, DType::f32, logits.shape);
  require_plain(op, "mask", mask, DType::f32, logits.shape);
  if (dlogits) require_plain(op, "dlogits", dlogits, DType::f32, logits.shape);
  require(loss != nullptr, op, "logits is ", logits.shape, ", the loss has no memory");
  THORAX_RUN(loss_forward_backward, stream, logits, labels, mask, table, loss, dlogits);
}

}  // namespace thorax
