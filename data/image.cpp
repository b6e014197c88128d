#include "data/image.h"

#include <algorithm>
#include <optional>

#include "data/container.h"
#include "data/dicom.h"
#include "data/dicom_describe.h"
#include "data/dicom_grey.h"
#include "data/dicom_samples.h"
#include "data/limits.h"
#include "data/sandbox.h"
#include "data/source.h"
#include "data/stb.h"
#include "tensor/file.h"

namespace thorax::data {

namespace {

// Before memory is taken for it.
Size checked(const std::optional<Size>& size) {
  if (!size || size->width < 1 || size->height < 1) refuse("no header of an image");
  check_size(size->width, size->height);
  return *size;
}

Image decode_bytes(std::span<const uint8_t> bytes) {
  if (is_dicom(bytes)) {
    const Dicom dicom = read_dicom(bytes);
    Image image{dicom.rows, dicom.columns, {}, modality_warning(dicom)};
    use_stored_samples(dicom, [&](std::span<const uint8_t> samples) { image.grey = grey_of(dicom, samples); });
    return image;
  }
  const Format format = format_of(bytes);
  const std::string reason = why_not_whole(bytes, format);
  if (!reason.empty()) refuse(reason);
  const Size size = checked(size_of(bytes, format));
  const Codec codec = format == Format::png ? Codec::png : Codec::jpeg;
  return {size.height, size.width, decode_apart({codec, 1, size.height, size.width}, bytes), {}};
}

// The quick look: header and end; at the rest of the file only where these do not tell.
void check(Source& source, const std::filesystem::path& file) {
  constexpr size_t head_bytes = size_t{256} << 10;  // beyond usual metadata
  constexpr size_t tail_bytes = 4096;
  const std::vector<uint8_t> head = source.read(0, std::min(head_bytes, source.size()));
  if (is_dicom(head)) {
    const MappedFile mapped(file);
    const auto bytes = mapped.bytes();
    read_dicom({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, Look::header);
    return;
  }
  const Format format = format_of(head);
  std::optional<Size> size = size_of(head, format);
  const size_t tail = std::min(tail_bytes, source.size());
  if (!size || !ends_well(source.read(source.size() - tail, tail), format)) {
    const std::vector<uint8_t> bytes = source.read_all();
    const std::string reason = why_not_whole(bytes, format);
    if (!reason.empty()) refuse(reason);
    size = size_of(bytes, format);
  }
  checked(size);
}

std::string with_name(const std::filesystem::path& file, const Error& error) {
  return str(file.string(), ": ", error.what());
}

}  // namespace

Image decode_image(const std::filesystem::path& file) {
  try {
    return decode_bytes(Source(file).read_all());
  } catch (const Error& e) {
    throw Error(e.fault(), with_name(file, e), e.hint());
  }
}

std::string why_unreadable(const std::filesystem::path& file) {
  try {
    Source source(file);
    check(source, file);
    return {};
  } catch (const Error& e) {
    return with_name(file, e);
  }
}

void write_png(const std::filesystem::path& file, const Image& image) {
  const std::vector<uint8_t> bytes = stb::encode_png(image.height, image.width, image.grey.data());
  if (bytes.empty()) throw Error(Fault::machine, str(file.string(), ": no memory to write it"));
  write_file_atomically(file, std::as_bytes(std::span(bytes)));
}

}  // namespace thorax::data
