#include "data/image_archive.h"

#include "kernels/image_math.h"
#include "tensor/error.h"

namespace thorax::data {

void ImageArchive::add(NpyArray array, const std::string& where) {
  const bool grey = array.shape.size() == 3;
  const bool colour = array.shape.size() == 4 && array.shape[3] == 3;
  if ((!grey && !colour) || array.bytes_each != 1 || array.is_signed || array.shape[1] < 1 || array.shape[2] < 1 ||
      array.shape[1] > 16384 || array.shape[2] > 16384)
    throw Error(Fault::input, where + ": images are bytes of shape (N, H, W) or (N, H, W, 3)");
  images_ += array.shape[0];
  arrays_.push_back(std::move(array));
}

Image ImageArchive::image(int64_t member) const {
  if (member < 0 || member >= images_) throw Error(Fault::defect, str("archive: image ", member, " of ", images_));
  auto array = arrays_.begin();
  for (; member >= array->shape[0]; ++array) member -= array->shape[0];
  Image image{array->shape[1], array->shape[2], {}};
  const auto pixels = static_cast<size_t>(image.height * image.width);
  const size_t channels = array->shape.size() == 4 ? 3 : 1;
  const auto* data = reinterpret_cast<const uint8_t*>(array->data.data()) + static_cast<size_t>(member) * pixels * channels;
  if (channels == 1) {
    image.grey.assign(data, data + pixels);
    return image;
  }
  for (size_t i = 0; i < pixels; ++i)
    image.grey.push_back(static_cast<uint8_t>(math::luma(data[3 * i], data[3 * i + 1], data[3 * i + 2])));
  return image;
}

Image load_image(const Manifest& manifest, size_t row) {
  const Row& r = manifest.rows[row];
  return r.member == no_member ? decode_image(r.file) : manifest.archive->image(r.member);
}

}  // namespace thorax::data
