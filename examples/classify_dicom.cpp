// Probabilities for one DICOM radiograph, read with DCMTK: classify_dicom MODEL.thx IMAGE.dcm
//
// Takes what needs no decoder: uncompressed grey images of 8 or 16 bits, unsigned, with a linear window or none. Others are
// refused, not guessed.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdio>
#include <vector>

#include "thorax.h"

namespace {

bool refuse(const char* why) {
  std::fprintf(stderr, "classify_dicom: %s\n", why);
  return false;
}

// Fills in the image; its pixels stay the file's.
bool read(DcmFileFormat& file, const char* path, thorax_image& image) {
  if (file.loadFile(path).bad()) return refuse("not a DICOM file");
  DcmDataset& d = *file.getDataset();
  Uint16 rows = 0, columns = 0, samples = 1, allocated = 0, stored = 0, is_signed = 0;
  d.findAndGetUint16(DCM_Rows, rows);
  d.findAndGetUint16(DCM_Columns, columns);
  d.findAndGetUint16(DCM_SamplesPerPixel, samples);
  d.findAndGetUint16(DCM_BitsAllocated, allocated);
  d.findAndGetUint16(DCM_BitsStored, stored);
  d.findAndGetUint16(DCM_PixelRepresentation, is_signed);
  if (samples != 1 || is_signed != 0 || (allocated != 8 && allocated != 16)) return refuse("not an unsigned grey image");
  if (d.tagExistsWithValue(DCM_ModalityLUTSequence) || d.tagExistsWithValue(DCM_VOILUTSequence))
    return refuse("its tables of greys are more than this example reads");
  Float64 slope = 1, intercept = 0, center = 0, width = 0;
  if (d.findAndGetFloat64(DCM_RescaleSlope, slope).bad()) slope = 1;
  d.findAndGetFloat64(DCM_RescaleIntercept, intercept);
  if (slope <= 0) return refuse("its rescaling is none");
  OFString function, photometric;
  d.findAndGetOFString(DCM_VOILUTFunction, function);
  d.findAndGetOFString(DCM_PhotometricInterpretation, photometric);
  if (!function.empty() && function != "LINEAR") return refuse("its window is not a linear one");
  if (d.findAndGetFloat64(DCM_WindowCenter, center).bad() || d.findAndGetFloat64(DCM_WindowWidth, width).bad() || width <= 1)
    return refuse("it has no window");
  // The window is of rescaled values, libthorax's of stored ones.
  image.window_low = (center - 0.5 - (width - 1) / 2 - intercept) / slope;
  image.window_high = (center - 0.5 + (width - 1) / 2 - intercept) / slope;
  image.inverted = photometric == "MONOCHROME1";
  image.width = columns;
  image.height = rows;
  unsigned long count = 0;
  const Uint8* bytes = nullptr;
  const Uint16* words = nullptr;
  const unsigned long pixels = static_cast<unsigned long>(rows) * columns;
  if (allocated == 16) {
    image.format = THORAX_U16;
    if (d.findAndGetUint16Array(DCM_PixelData, words, &count).bad() || count < pixels) return refuse("compressed, or too short");
    image.data = words;
  } else {
    image.format = THORAX_U8;
    if (d.findAndGetUint8Array(DCM_PixelData, bytes, &count).bad() || count < pixels) return refuse("compressed, or too short");
    image.data = bytes;
  }
  return true;
}

int classify(const char* model_path, const thorax_image& image) {
  thorax_error error{};
  error.size = sizeof error;
  thorax_model* model = nullptr;
  thorax_session* session = nullptr;
  thorax_status status = thorax_open(model_path, nullptr, &model, &error);
  if (status == THORAX_OK) status = thorax_session_create(model, nullptr, nullptr, 0, &session, &error);
  thorax_info info{};
  info.size = sizeof info;
  if (status == THORAX_OK) status = thorax_describe(model, &info);
  std::vector<float> probabilities(static_cast<size_t>(info.classes));
  if (status == THORAX_OK) status = thorax_run(session, &image, probabilities.data(), probabilities.size(), &error);
  if (status == THORAX_OK)
    for (int k = 0; k < info.classes; ++k)
      std::printf("%.9g %s\n", static_cast<double>(probabilities[static_cast<size_t>(k)]), thorax_class_name(model, k));
  else
    std::fprintf(stderr, "classify_dicom: %s\n", error.text);
  thorax_session_destroy(session);
  thorax_close(model);
  return status == THORAX_OK ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return refuse("usage: classify_dicom MODEL.thx IMAGE.dcm") ? 0 : 1;
  DcmFileFormat file;
  thorax_image image{};
  image.size = sizeof image;
  return read(file, argv[2], image) ? classify(argv[1], image) : 1;
}
