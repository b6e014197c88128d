// The first convolution, 7x7 with stride 2. Its filter always has three input channels, [out,3,7,7], so that training, transfer
// and foreign weights are the same everywhere; from a grey plane it is fed by a fold: sum the filter over its input channels,
// which is exactly what replicating the plane three times would compute.
#pragma once

#include <string>

#include "layers/parameters.h"

namespace thorax {

// x: [N,1 or 3,H,W] plain, no gradient flows into it. Returns [N,out,H/2,W/2]. Parameter: name.weight; fan:
// of its initial standard deviation.
Value stem(Graph& g, const std::string& name, Value x, int64_t out_channels, Fan fan = Fan::in);

}  // namespace thorax
