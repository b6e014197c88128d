#include "apps/fold_weights.h"

#include <cfloat>
#include <cmath>
#include <string>

#include "kernels/batch_norm.h"
#include "layers/parameters.h"
#include "tensor/error.h"

namespace thorax {

namespace {

// z = scale * x + shift, per channel.
struct Norm {
  std::vector<double> scale, shift;
};

class Folder {
 public:
  Folder(const embed::Table& table, const Store& store) : table_(table), store_(store) {
    out_.weights.resize(table.weights);
    out_.bias.resize(table.bias);
    out_.clamp.resize(table.clamp);
  }

  Norm norm(const std::string& name) const {
    const float* gamma = values(name + ".weight");
    const float* beta = values(name + ".bias");
    const float* mean = values(name + ".running_mean");
    const float* variance = values(name + ".running_var");
    Norm n;
    for (int64_t c = 0; c < store_.find(name + ".weight").count(); ++c) {
      const double scale = double{gamma[c]} / std::sqrt(double{variance[c]} + double{batch_norm_eps});
      n.scale.push_back(scale);
      n.shift.push_back(double{beta[c]} - double{mean[c]} * scale);
    }
    return n;
  }

  // The next layer: the filter of that name behind `before` and ReLU, in front of `after`; either may be null.
  void convolution(const std::string& filter, const Norm* before, const Norm* after) {
    const embed::Layer& layer = table_.layers[next_++];
    const std::vector<double> constants = before != nullptr ? clamps(layer, *before) : std::vector<double>{};
    const float* w = values(filter + ".weight");
    const size_t taps = size_t{layer.kernel} * layer.kernel;
    const size_t planes = layer.kind == embed::Kind::stem ? 3 : 1;  // the stem's are summed
    for (size_t o = 0; o < layer.out; ++o) {
      double bias = after != nullptr ? after->shift[o] : 0;
      const double factor = after != nullptr ? after->scale[o] : 1;
      for (size_t c = 0; c < layer.in; ++c) {
        for (size_t t = 0; t < taps; ++t) {
          double value = 0;
          for (size_t p = 0; p < planes; ++p) value += double{w[((o * layer.in + c) * planes + p) * taps + t]};
          bias += put(layer, o, c * taps + t, value * factor, before, constants, c);
        }
      }
      out_.bias[layer.bias + o] = plain(bias);
    }
  }

  // The classifier: its maps have constants of their own, without its bias.
  void classifier(const std::string& name, const Norm* before, const std::vector<size_t>& order) {
    const embed::Layer& layer = table_.layers[next_++];
    const std::vector<double> constants = before != nullptr ? clamps(layer, *before) : std::vector<double>{};
    const float* w = values(name + ".weight");
    const float* b = values(name + ".bias");
    for (size_t o = 0; o < layer.out; ++o) {
      double constant = 0;
      for (size_t c = 0; c < layer.in; ++c)
        constant += put(layer, o, c, double{w[order[o] * layer.in + c]}, before, constants, c);
      out_.bias[layer.bias + o] = plain(double{b[order[o]]} + constant);
      out_.bias[layer.bias + embed::padded(layer.out) + o] = plain(constant);
    }
  }

  FoldedWeights take() { return std::move(out_); }

 private:
  const float* values(const std::string& name) const {
    const Tensor t = store_.find(name);
    if (!t) throw Error(Fault::defect, "export: the model has no " + name);
    return t.as<float>();
  }

  // What is too small to matter, and a negative zero, become 0, so that nothing is denormal.
  static float plain(double value) {
    const auto rounded = static_cast<float>(value);
    if (!std::isfinite(rounded)) throw Error(Fault::input, "export: a weight, folded, is no finite number");
    return std::fabs(rounded) < 1e-30F ? 0.0F : rounded;
  }

  // relu(g x + b) = g * (clamp(x) - t) with t = -b/g; a constant where g is 0, or so near to it that x cannot be told beside t.
  // Returns the constants, 0 elsewhere.
  std::vector<double> clamps(const embed::Layer& layer, const Norm& n) {
    std::vector<double> constants(layer.in, 0.0);
    for (size_t c = 0; c < layer.in; ++c) {
      float& low = out_.clamp[layer.clamp + c];
      float& high = out_.clamp[layer.clamp + layer.in + c];
      const double t = -n.shift[c] / n.scale[c];
      if (!(std::fabs(t) < 1e12)) {
        constants[c] = std::max(n.shift[c], 0.0);
        low = high = 0;
      } else {
        low = n.scale[c] > 0 ? plain(t) : -FLT_MAX;
        high = n.scale[c] > 0 ? FLT_MAX : plain(t);
      }
    }
    return constants;
  }

  // Packs one weight; returns what it adds to the bias.
  double put(const embed::Layer& layer, size_t o, size_t tap, double value, const Norm* before,
             const std::vector<double>& constants, size_t c) {
    const size_t taps = size_t{layer.in} * layer.kernel * layer.kernel;
    float& to = out_.weights[layer.weights + (o / embed::lanes * taps + tap) * embed::lanes + o % embed::lanes];
    if (before == nullptr) {
      to = plain(value);
      return 0;
    }
    const float low = out_.clamp[layer.clamp + c], high = out_.clamp[layer.clamp + layer.in + c];
    if (low == 0 && high == 0) {
      to = 0;
      return value * constants[c];
    }
    to = plain(value * before->scale[c]);
    // From the rounded weight and end, so that a clamped pixel gives exactly nothing.
    return -double{to} * double{before->scale[c] > 0 ? low : high};
  }

  const embed::Table& table_;
  const Store& store_;
  FoldedWeights out_;
  int next_ = 0;
};

void fold_densenet(const embed::Architecture& a, Folder& f, const std::vector<size_t>& order) {
  const Norm stem = f.norm("features.norm0");
  f.convolution("features.conv0", nullptr, &stem);
  for (int block = 0; block < 4; ++block) {
    const std::string number = std::to_string(block + 1);
    for (int i = 0; i < a.blocks[block]; ++i) {
      const std::string layer = "features.denseblock" + number + ".denselayer" + std::to_string(i + 1);
      const Norm one = f.norm(layer + ".norm1"), two = f.norm(layer + ".norm2");
      f.convolution(layer + ".conv1", &one, &two);
      f.convolution(layer + ".conv2", nullptr, nullptr);
    }
    if (block == 3) break;
    const Norm norm = f.norm("features.transition" + number + ".norm");
    f.convolution("features.transition" + number + ".conv", &norm, nullptr);
  }
  const Norm last = f.norm("features.norm5");
  f.classifier("classifier", &last, order);
}

void fold_resnet(const embed::Architecture& a, const Store& store, Folder& f, const std::vector<size_t>& order) {
  const Norm stem = f.norm("bn1");
  f.convolution("conv1", nullptr, &stem);
  for (int stage = 0; stage < 4; ++stage) {
    for (int i = 0; i < a.blocks[stage]; ++i) {
      const std::string block = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
      for (int k = 1; k <= (a.bottleneck ? 3 : 2); ++k) {
        const Norm norm = f.norm(block + ".bn" + std::to_string(k));
        f.convolution(block + ".conv" + std::to_string(k), nullptr, &norm);
      }
      if (!store.find(block + ".downsample.0.weight")) continue;
      const Norm norm = f.norm(block + ".downsample.1");
      f.convolution(block + ".downsample.0", nullptr, &norm);
    }
  }
  f.classifier("fc", nullptr, order);
}

}  // namespace

FoldedWeights fold_weights(const embed::Architecture& a, const embed::Table& table, const Store& store,
                           const std::vector<size_t>& order) {
  Folder f(table, store);
  if (a.dense)
    fold_densenet(a, f, order);
  else
    fold_resnet(a, store, f, order);
  return f.take();
}

}  // namespace thorax
