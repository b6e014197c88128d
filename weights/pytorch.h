// Files of torch.save (PyTorch 0.2 to 2.x).
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "weights/weight_file.h"
#include "weights/zip.h"

namespace thorax::weights {

// Whether bytes begin as the format before 1.6 does: a pickle of PyTorch's magic number.
bool is_legacy_pytorch(std::span<const std::byte> bytes);

// Each tensor under the path of keys that leads to it, joined by points: "state_dict.module.conv1.weight". An object of a class
// of PyTorch's nn contributes its _parameters, _buffers and _modules. Throws Error(input) naming `where`.
Contents read_pytorch_zip(const ZipFile& zip, const std::string& where);
Contents read_pytorch_legacy(std::span<const std::byte> bytes, const std::string& where);

}  // namespace thorax::weights
