#pragma once

#include <string>

namespace thorax::cuda {

// "13.1.0"
std::string cublas_version();

}  // namespace thorax::cuda
