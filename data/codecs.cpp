#include "data/codecs.h"

#include <algorithm>
#include <bit>
#include <new>

#include "data/dicom_rle.h"
#include "data/gdcm.h"
#include "data/jpeg_ls.h"
#include "data/stb.h"
#include "kernels/image_math.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

// data: [count,channels], 1 or 2: grey, 3 or 4: colours.
template <class T>
uint32_t grey_of(const T* data, size_t i, int channels) {
  const T* p = data + i * static_cast<size_t>(channels);
  return channels >= 3 ? math::luma(p[0], p[1], p[2]) : uint32_t{p[0]};
}

void grey_from_16_bits(const uint16_t* data, int channels, std::span<uint8_t> grey) {
  uint32_t brightest = 0;
  for (size_t i = 0; i < grey.size(); ++i) brightest = std::max(brightest, grey_of(data, i, channels));
  const uint32_t scale = (1U << std::max(8, static_cast<int>(std::bit_width(brightest)))) - 1;
  for (size_t i = 0; i < grey.size(); ++i)
    grey[i] = static_cast<uint8_t>((grey_of(data, i, channels) * 255U + scale / 2) / scale);
}

void grey_from_8_bits(const uint8_t* data, int channels, std::span<uint8_t> grey) {
  for (size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<uint8_t>(grey_of(data, i, channels));
}

Outcome run_stb(const CodecJob& job, std::span<const uint8_t> in, std::span<uint8_t> out) {
  stb::Pixels pixels;
  if (!stb::decode(in, job.codec == Codec::jpeg, pixels).empty()) return Outcome::broken;
  if (pixels.height != job.height || pixels.width != job.width) return Outcome::other_size;
  if (pixels.bits == 16)
    grey_from_16_bits(static_cast<const uint16_t*>(pixels.data.get()), pixels.channels, out);
  else
    grey_from_8_bits(static_cast<const uint8_t*>(pixels.data.get()), pixels.channels, out);
  return Outcome::done;
}

Outcome run_jpeg_ls(const CodecJob& job, std::span<const uint8_t> in, std::span<uint8_t> out) {
  const JpegLsFrame frame = read_jpeg_ls(in);
  if (frame.height != job.height || frame.width != job.width) return Outcome::other_size;
  decode_jpeg_ls(frame, out);
  return Outcome::done;
}

}  // namespace

Outcome run_codec(const CodecJob& job, std::span<const uint8_t> in, std::span<uint8_t> out) noexcept {
  try {
    switch (job.codec) {
      case Codec::png:
      case Codec::jpeg: return run_stb(job, in, out);
      case Codec::rle: decode_rle(in, static_cast<int>(job.bytes_per_sample), out); return Outcome::done;
      case Codec::jpeg_ls: return run_jpeg_ls(job, in, out);
      case Codec::gdcm: return gdcm_codec::decode(in, out).empty() ? Outcome::done : Outcome::broken;
    }
    return Outcome::failed;
  } catch (const Error&) {
    return Outcome::broken;
  } catch (const std::bad_alloc&) {
    return Outcome::no_memory;
  } catch (...) {
    return Outcome::failed;
  }
}

}  // namespace thorax::data
