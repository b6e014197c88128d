// The operations that several layers have in common, in the words of tensor/description.h.
#pragma once

#include <string>

#include "layers/parameters.h"
#include "tensor/description.h"

namespace thorax {

// Each adds nodes whose names begin with `name`, and returns the output's name.
std::string describe_batch_norm(Description& d, const std::string& name, const std::string& x, const BatchNormValues& values,
                                bool relu);
// filter: the name of a constant [O,I,k,k].
std::string describe_conv(Description& d, const std::string& name, const std::string& x, const std::string& filter,
                          int64_t kernel, int64_t stride, int64_t pad);

}  // namespace thorax
