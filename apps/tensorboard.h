// Event files for TensorBoard: TFRecord frames (length, masked CRC-32C, payload, masked CRC-32C) around Event messages
// (tensorflow/core/util/event.proto), encoded by hand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "tensor/file.h"

namespace thorax {

class TensorBoard {
 public:
  // Starts a new events.out.tfevents.* file in the folder, which is made if need be. resumed_step: the step at which a resumed
  // training goes on; TensorBoard then forgets what older files say about later steps.
  explicit TensorBoard(const std::filesystem::path& folder, std::optional<int64_t> resumed_step = std::nullopt);
  // One write(2). tag: "loss/train", ...; value: stored as float.
  void add_scalar(std::string_view tag, double value, int64_t step);

 private:
  void append(std::string_view event);
  AppendFile file_;
};

}  // namespace thorax
