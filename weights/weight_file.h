// Weights in files of many origins behind one interface. Nothing in a file is executed, and no length in it is believed before it
// was compared with the bytes that are there.
//   safetensors (tensor/serialize.h)
//   PyTorch's torch.save: zip archives (since 1.6) and the older format, state dictionaries and whole models; TorchScript's
//   tensors numpy: .npz, .npy
#pragma once

#include <filesystem>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/serialize.h"
#include "weights/weight_tensor.h"

namespace thorax::weights {

// What a reader of one format finds.
struct Contents {
  std::string format;      // "safetensors", "PyTorch", "PyTorch before 1.6", "numpy"
  std::string root_class;  // of a whole pickled model: "torchxrayvision.models.DenseNet"; else empty
  Metadata metadata;       // safetensors: the file's own; PyTorch: numbers and text beside the tensors
  std::vector<WeightTensor> tensors;
  std::list<std::vector<std::byte>> unpacked;  // what is not in the file as it is
};

class WeightFile {
 public:
  // Told apart by content, not by name. Throws Error(input), one line that names the file. Tensors that repeat elements (strides
  // of 0) are taken as long as all tensors together have at most 8 times the bytes of the file, unpacked, + 1 MiB.
  explicit WeightFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  uint64_t bytes() const { return bytes_; }
  const Contents& contents() const { return contents_; }
  // In the order of the file; names are unique. Valid as long as this object.
  const std::vector<WeightTensor>& tensors() const { return contents_.tensors; }
  bool checksum_fits() const { return checksum_fits_; }  // thorax's own; false: the file has none

 private:
  void read_safetensors();
  void check();
  std::filesystem::path path_;
  std::optional<MappedFile> file_;
  std::optional<SafetensorsFile> safetensors_;
  uint64_t bytes_ = 0;
  bool checksum_fits_ = false;
  Contents contents_;
};

}  // namespace thorax::weights
