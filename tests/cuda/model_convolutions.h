// Every convolution of a training step of the registry's models, each problem once; inference has the forward ones alone.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kernels/conv2d_kernel.h"
#include "models/densenet.h"
#include "models/resnet.h"

namespace thorax::test {

struct NamedConv {
  std::string name;
  Conv2dShape shape;
  bool wants_data = true;  // the stem's input has no gradient
};

class ModelConvolutions {
 public:
  ModelConvolutions(int64_t images, int64_t size, DType dtype) : images_(images), size_(size), dtype_(dtype) {
    for (const int64_t planes : {1, 3})
      add({str("stem of ", planes), {images, planes, size, size, stem_channels, 7, 2, 3, dtype, true}, false});
  }

  void add(const DenseNetSpec& spec) {
    int64_t side = size_ / 4, channels = spec.stem_channels;
    for (size_t block = 0; block < spec.layers.size(); ++block) {
      for (int64_t layer = 0; layer < spec.layers[block]; ++layer, channels += spec.growth) {
        conv("dense conv1", channels, 4 * spec.growth, side, 1, 1);
        conv("dense conv2", 4 * spec.growth, spec.growth, side, 3, 1);
      }
      if (block + 1 == spec.layers.size()) break;
      side /= 2;  // pooled before it is convolved
      conv("transition", channels, channels / 2, side, 1, 1);
      channels /= 2;
    }
  }

  void add(const ResNetSpec& spec) {
    int64_t side = size_ / 4, channels = stem_channels, width = 64;
    for (size_t stage = 0; stage < spec.blocks.size(); ++stage, width *= 2) {
      for (int64_t block = 0; block < spec.blocks[stage]; ++block) {
        const int64_t stride = stage > 0 && block == 0 ? 2 : 1, out = spec.bottleneck ? 4 * width : width;
        if (stride != 1 || channels != out) conv("projection", channels, out, side, 1, stride);
        if (spec.bottleneck) {
          conv("bottleneck conv1", channels, width, side, 1, 1);
          conv("bottleneck conv2", width, width, side, 3, stride);
          conv("bottleneck conv3", width, out, side / stride, 1, 1);
        } else {
          conv("basic conv1", channels, width, side, 3, stride);
          conv("basic conv2", width, width, side / stride, 3, 1);
        }
        channels = out;
        side /= stride;
      }
    }
  }

  const std::vector<NamedConv>& all() const { return all_; }
  int64_t passes() const {
    int64_t count = 0;
    for (const NamedConv& c : all_) count += c.wants_data ? 3 : 2;
    return count;
  }

 private:
  static constexpr int64_t stem_channels = 64;

  void conv(const char* name, int64_t in, int64_t out, int64_t side, int64_t kernel, int64_t stride) {
    add({str(name, ' ', in, " to ", out, ", side ", side),
         {images_, in, side, side, out, kernel, stride, kernel / 2, dtype_, false}});
  }
  void add(NamedConv c) {
    const auto is_same = [&](const NamedConv& other) {
      const Conv2dShape &a = c.shape, &b = other.shape;
      return a.filter() == b.filter() && a.height == b.height && a.stride == b.stride;
    };
    if (std::none_of(all_.begin(), all_.end(), is_same)) all_.push_back(std::move(c));
  }

  int64_t images_, size_;
  DType dtype_;
  std::vector<NamedConv> all_;
};

// Those of every model that the registry has.
inline ModelConvolutions all_convolutions(int64_t images, int64_t size, DType dtype) {
  ModelConvolutions c(images, size, dtype);
  for (const DenseNetSpec& spec : {densenet121(), densenet169(), densenet201()}) c.add(spec);
  for (const ResNetSpec& spec : {resnet18(), resnet50(), resnet101()}) c.add(spec);
  return c;
}

}  // namespace thorax::test
