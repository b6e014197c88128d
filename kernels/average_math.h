#pragma once

#include "kernels/host_device.h"

namespace thorax {

// One element of average_update: a step of weight towards the value.
THORAX_HD inline float average_element(float average, float value, float weight) {
  return average + weight * (value - average);
}

}  // namespace thorax
