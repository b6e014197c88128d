// ONNX (github.com/onnx/onnx, docs/IR.md and onnx.proto3): a described graph as a model of opset 17, IR version 8.
#pragma once

#include <string>
#include <vector>

#include "tensor/description.h"
#include "tensor/serialize.h"

namespace thorax::weights {

struct OnnxPort {
  std::string name;
  std::string source;  // of an output: the node's output that it shows; unused for an input
  DType dtype = DType::f32;
  std::vector<int64_t> shape;  // without the batch, which comes first and may be any number, "N"
};

struct OnnxModel {
  std::string name;         // of the graph
  std::string description;  // for people
  std::string version;      // of thorax
  std::vector<OnnxPort> inputs, outputs;
  Metadata metadata;
};

// The file's bytes. Throws Error(input) when they would be more than the 2 GB that the format allows.
std::string onnx_bytes(const Description& graph, const OnnxModel& model);

}  // namespace thorax::weights
