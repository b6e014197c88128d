#include "models/densenet.h"

#include "layers/batch_norm_relu.h"
#include "layers/dense_block.h"
#include "layers/linear.h"
#include "layers/pool.h"
#include "layers/stem.h"
#include "layers/transition.h"

namespace thorax {

DenseNetSpec densenet121() {
  return {{6, 12, 24, 16}};
}
DenseNetSpec densenet169() {
  return {{6, 12, 32, 32}};
}
DenseNetSpec densenet201() {
  return {{6, 12, 48, 32}};
}

Value densenet(Graph& g, Value x, const DenseNetSpec& spec, int64_t classes) {
  x = stem(g, "features.conv0", x, spec.stem_channels);
  x = batch_norm_relu(g, "features.norm0", x);
  x = max_pool(g, "features.pool0", x, 3, 2, 1);
  const size_t blocks = spec.layers.size();
  for (size_t i = 0; i < blocks; ++i) {
    const bool last = i + 1 == blocks;
    const DenseBlockOutput block = dense_block(g, str("features.denseblock", i + 1), x,
                                               {.layers = spec.layers[i], .growth = spec.growth, .fp32_gradient = last});
    const int64_t channels = g.info(block.y).shape[1];
    x = last ? batch_norm_relu(g, "features.norm5", block.y, block.statistics)
             : transition(g, str("features.transition", i + 1), block, channels / 2);
  }
  x = global_avg_pool(g, "pool", x);
  return linear(g, "classifier", x, classes, true);
}

}  // namespace thorax
