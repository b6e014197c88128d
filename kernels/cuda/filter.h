// The filters of convolutions between the Store's layout and cuDNN's (kernels/filter_math.h).
#pragma once

#include "kernels/conv2d.h"

namespace thorax::cuda {

// plain: [O,I,k,k] f32 -> packed: [O,k,k,I] of the problem's dtype, rounded to nearest even.
void pack_filter(const Stream& stream, const Conv2dShape& shape, const float* plain, void* packed);

// packed -> plain, written or added to.
void unpack_filter(const Stream& stream, const Conv2dShape& shape, const void* packed, float* plain, bool accumulate);

}  // namespace thorax::cuda
