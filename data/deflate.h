// The other way of inflate.h: bytes as PNG packs them.
#pragma once

#include <string>
#include <string_view>

namespace thorax::data {

// A zlib stream (RFC 1950), at its fastest level. Throws Error(machine) without memory.
std::string deflate_zlib(std::string_view bytes);

}  // namespace thorax::data
