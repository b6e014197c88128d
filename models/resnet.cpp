#include "models/resnet.h"

#include "layers/batch_norm_relu.h"
#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/pool.h"
#include "layers/residual.h"
#include "layers/stem.h"

namespace thorax {

namespace {

// y = relu(norm(branch) + shortcut(x)): the identity where the shapes allow it, else a strided 1x1 convolution with batch norm.
Value joined_with_shortcut(Graph& g, const std::string& name, const std::string& norm, const ConvOutput& branch, Value x,
                           int64_t stride) {
  const Summand left = normalised(g, name + norm, branch);
  const int64_t channels = g.info(branch.y).shape[1];
  if (stride == 1 && g.info(x).shape[1] == channels) return residual_add_relu(g, name, left, {x});
  const ConvOutput projected = conv2d(g, name + ".downsample.0", x, {channels, 1, stride});
  return residual_add_relu(g, name, left, normalised(g, name + ".downsample.1", projected));
}

Value basic_block(Graph& g, const std::string& name, Value x, int64_t width, int64_t stride) {
  ConvOutput y = conv2d(g, name + ".conv1", x, {width, 3, stride});
  y = batch_norm_relu_conv2d(g, name + ".bn1", name + ".conv2", y, {width, 3, 1});
  return joined_with_shortcut(g, name, ".bn2", y, x, stride);
}

Value bottleneck_block(Graph& g, const std::string& name, Value x, int64_t width, int64_t stride) {
  ConvOutput y = conv2d(g, name + ".conv1", x, {width, 1, 1});
  y = batch_norm_relu_conv2d(g, name + ".bn1", name + ".conv2", y, {width, 3, stride});
  y = batch_norm_relu_conv2d(g, name + ".bn2", name + ".conv3", y, {4 * width, 1, 1});
  return joined_with_shortcut(g, name, ".bn3", y, x, stride);
}

}  // namespace

ResNetSpec resnet18() {
  return {{2, 2, 2, 2}, false};
}
ResNetSpec resnet50() {
  return {{3, 4, 6, 3}};
}
ResNetSpec resnet101() {
  return {{3, 4, 23, 3}};
}

Value resnet(Graph& g, Value x, const ResNetSpec& spec, int64_t classes) {
  x = stem(g, "conv1", x, 64, Fan::out);
  x = batch_norm_relu(g, "bn1", x);
  x = max_pool(g, "maxpool", x, 3, 2, 1);
  int64_t width = 64;
  for (size_t stage = 0; stage < spec.blocks.size(); ++stage, width *= 2) {
    for (int64_t i = 0; i < spec.blocks[stage]; ++i) {
      const int64_t stride = stage > 0 && i == 0 ? 2 : 1;
      x = (spec.bottleneck ? bottleneck_block : basic_block)(g, str("layer", stage + 1, ".", i), x, width, stride);
    }
  }
  x = global_avg_pool(g, "avgpool", x);
  return linear(g, "fc", x, classes, false);
}

}  // namespace thorax
