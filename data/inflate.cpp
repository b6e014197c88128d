#include "data/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "tensor/error.h"

namespace thorax::data {

namespace {

class Inflater {
 public:
  explicit Inflater(Deflated kind) {
    // The window of 15 bits; zlib's way to say gzip is 16 more, and a negative number for no wrapping at all.
    if (inflateInit2(&stream_, kind == Deflated::gzip ? MAX_WBITS + 16 : -MAX_WBITS) != Z_OK)
      throw Error(Fault::machine, "no memory to inflate a file");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.substr(0, 3) == "\x1F\x8B\x08";
}

std::string inflate(std::string_view bytes, Deflated kind, size_t most, const std::string& where) {
  constexpr size_t piece = size_t{1} << 30;  // zlib counts in 32 bits
  Inflater inflater(kind);
  z_stream& z = inflater.stream();
  std::string out;
  std::array<char, size_t{1} << 16> buffer{};
  bool ended = false;
  while (!ended || (kind == Deflated::gzip && is_gzip(bytes))) {
    if (ended) inflateReset(&z);
    z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
    z.avail_in = static_cast<uInt>(std::min(bytes.size(), piece));
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = static_cast<uInt>(buffer.size());
    const uInt before = z.avail_in;
    const int code = ::inflate(&z, Z_NO_FLUSH);
    const size_t made = buffer.size() - z.avail_out;
    bytes.remove_prefix(before - z.avail_in);
    if (code == Z_MEM_ERROR) throw Error(Fault::machine, where + ": no memory to inflate it");
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      throw Error(Fault::input, where + ": damaged compressed data");
    if (out.size() + made > most) throw Error(Fault::input, str(where, ": more than ", most, " bytes when it is unpacked"));
    out.append(buffer.data(), made);
    ended = code == Z_STREAM_END;
    if (!ended && made == 0 && bytes.empty()) throw Error(Fault::input, where + ": the compressed data is cut off");
  }
  return out;
}

uint32_t crc32_of(std::string_view bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace thorax::data
