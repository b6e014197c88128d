// Within the readers of one file: what is wrong with it, without its name, which the caller knows.
#pragma once

#include "tensor/error.h"

namespace thorax::data {

template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  throw Error(Fault::input, str(parts...));
}

}  // namespace thorax::data
