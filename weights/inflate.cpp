#include "weights/inflate.h"

#include <zlib.h>

#include <algorithm>

#include "tensor/error.h"

namespace thorax::weights {
namespace {

constexpr size_t piece = size_t{1} << 30;  // zlib counts in 32 bits
constexpr int raw_deflate = -MAX_WBITS;    // without zlib's own header and checksum

class Stream {
 public:
  Stream() {
    if (inflateInit2(&stream_, raw_deflate) != Z_OK) throw Error(Fault::machine, "out of memory for unpacking");
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { inflateEnd(&stream_); }
  z_stream& operator*() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

std::vector<std::byte> inflate(std::span<const std::byte> packed, size_t size, const std::string& what) {
  std::vector<std::byte> out(size);
  std::byte beyond{};  // one byte of room too many, so that longer data are noticed
  Stream owner;
  z_stream& s = *owner;
  size_t read = 0;
  size_t written = 0;
  int state = Z_OK;
  while (state == Z_OK) {
    const size_t in = std::min(piece, packed.size() - read);
    const size_t room = std::min(piece, size - written);
    s.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + read));
    s.avail_in = static_cast<uInt>(in);
    s.next_out = reinterpret_cast<Bytef*>(room > 0 ? out.data() + written : &beyond);
    s.avail_out = static_cast<uInt>(std::max<size_t>(room, 1));
    state = ::inflate(&s, Z_NO_FLUSH);
    read += in - s.avail_in;
    written += std::max<size_t>(room, 1) - s.avail_out;
    if (written > size) throw Error(Fault::input, str(what, ": unpacks to more than the ", size, " bytes it states"));
  }
  if (state != Z_STREAM_END) throw Error(Fault::input, str(what, ": its deflated data are damaged"));
  if (written != size) throw Error(Fault::input, str(what, ": unpacks to ", written, " bytes, it states ", size));
  if (read != packed.size()) throw Error(Fault::input, str(what, ": ", packed.size() - read, " bytes after its deflated data"));
  return out;
}

uint32_t crc32(std::span<const std::byte> bytes) {
  uLong crc = 0;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const auto part = bytes.subspan(at, std::min(piece, bytes.size() - at));
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
  }
  return static_cast<uint32_t>(crc);
}

}  // namespace thorax::weights
