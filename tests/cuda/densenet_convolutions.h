// Every convolution of a training step of DenseNet-121, and of inference, which has the forward ones alone.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/conv2d_kernel.h"
#include "models/densenet.h"

namespace thorax::test {

struct NamedConv {
  std::string name;
  Conv2dShape shape;
  bool wants_data = true;  // the stem's input has no gradient
};

inline std::vector<NamedConv> densenet_convolutions(const DenseNetSpec& spec, int64_t images, int64_t size, int64_t planes,
                                                    DType dtype) {
  std::vector<NamedConv> all;
  int64_t side = size / 4, channels = spec.stem_channels;
  all.push_back({"stem", {images, planes, size, size, channels, 7, 2, 3, dtype, true}, false});
  for (size_t block = 0; block < spec.layers.size(); ++block) {
    const int64_t middle = 4 * spec.growth;
    for (int64_t layer = 0; layer < spec.layers[block]; ++layer, channels += spec.growth)
      all.push_back(
          {str("block ", block + 1, " conv1 ", channels), {images, channels, side, side, middle, 1, 1, 0, dtype, false}});
    all.push_back({str("block ", block + 1, " conv2"), {images, middle, side, side, spec.growth, 3, 1, 1, dtype, false}});
    if (block + 1 == spec.layers.size()) break;
    side /= 2;  // pooled before it is convolved
    all.push_back({str("transition ", block + 1), {images, channels, side, side, channels / 2, 1, 1, 0, dtype, false}});
    channels /= 2;
  }
  return all;
}

}  // namespace thorax::test
