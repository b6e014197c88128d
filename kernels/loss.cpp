#include "kernels/loss.h"

#include "kernels/loss_math.h"

namespace thorax {

namespace {

// P^I of one image: (1/C) * sum over its positive classes of 1/n_j. An unknown label is not positive.
double image_probability(const LossTable& t, const float* labels, const float* mask) {
  double sum = 0;
  for (int64_t k = 0; k < t.classes; ++k) {
    if (mask[k] > 0 && labels[k] > 0) sum += static_cast<double>(labels[k]) * t.inverse_counts[static_cast<size_t>(k)];
  }
  return sum / static_cast<double>(t.classes);
}

double weight_of(const LossTable& t, int64_t k, double image) {
  if (!t.rebalance) return 1;
  const double category = t.inverse_counts[static_cast<size_t>(k)] / static_cast<double>(t.classes);  // P^C
  const double below = k == t.no_finding ? image + t.c_hat : image;
  if (below <= 0) return t.alpha + 1;
  return t.alpha + math::sigmoid(t.beta * (category / below - t.mu));
}

}  // namespace

// A batch has some hundred logits: one thread and double are right, on any instruction set.
void loss_forward_backward(const Stream&, const Tensor& logits, const Tensor& labels, const Tensor& mask, const LossTable& t, float* loss,
                           const Tensor& dlogits) {
  const Shape s = logits.shape;
  if (s.rank() != 2 || s[1] != t.classes || !(labels.shape == s) || !(mask.shape == s) || !(dlogits.shape == s)) {
    throw Error(Fault::defect, str("loss: logits ", s, ", labels ", labels.shape, ", mask ", mask.shape, ", ", t.classes, " classes"));
  }
  const float* z = logits.as<float>();
  const float* y = labels.as<float>();
  const float* known = mask.as<float>();
  int64_t count = 0;
  for (int64_t i = 0; i < logits.count(); ++i) count += known[i] > 0 ? 1 : 0;
  const double scale = count > 0 ? 1.0 / static_cast<double>(count) : 0.0;
  double sum = 0;
  for (int64_t n = 0; n < s[0]; ++n) {
    const double image = t.rebalance ? image_probability(t, y + n * t.classes, known + n * t.classes) : 0;
    for (int64_t k = 0; k < t.classes; ++k) {
      const int64_t i = n * t.classes + k;
      const double v = t.bias.empty() ? 0 : t.bias[static_cast<size_t>(k)];
      math::ElementLoss e{0, 0};
      if (known[i] > 0) e = math::balanced(static_cast<double>(z[i]), y[i] > 0.5F, weight_of(t, k, image), v, t.lambda);
      sum += e.value;
      dlogits.as<float>()[i] = static_cast<float>(scale * e.gradient);
    }
  }
  *loss = static_cast<float>(scale * sum);
}

}  // namespace thorax
