#include "data/deflate.h"

#include <zlib.h>

#include "tensor/error.h"

namespace thorax::data {

std::string deflate_zlib(std::string_view bytes) {
  uLongf length = compressBound(bytes.size());
  std::string packed(length, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
                Z_BEST_SPEED) != Z_OK)
    throw Error(Fault::machine, "no memory to deflate an image");
  packed.resize(length);
  return packed;
}

}  // namespace thorax::data
