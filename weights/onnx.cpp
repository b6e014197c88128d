#include "weights/onnx.h"

#include "weights/protobuf.h"

namespace thorax::weights {
namespace {

constexpr int64_t ir_version = 8;
constexpr int64_t opset = 17;
constexpr size_t max_bytes = (size_t{1} << 31U) - 1;

// TensorProto.DataType
int64_t data_type(DType t) {
  switch (t) {
    case DType::f32: return 1;
    case DType::u8: return 2;
    case DType::i64: return 7;
    default: throw Error(Fault::defect, str("onnx: dtype ", t, " is not written"));
  }
}

ProtobufWriter attribute(const NodeAttribute& a) {
  ProtobufWriter out;
  out.text(1, a.name);
  if (const auto* real = std::get_if<float>(&a.value)) {
    out.real(2, *real);
    out.integer(20, 1);  // FLOAT
  } else if (const auto* integer = std::get_if<int64_t>(&a.value)) {
    out.integer(3, *integer);
    out.integer(20, 2);  // INT
  } else {
    for (const int64_t i : std::get<std::vector<int64_t>>(a.value)) out.integer(8, i);
    out.integer(20, 7);  // INTS
  }
  return out;
}

ProtobufWriter node(const Node& n) {
  ProtobufWriter out;
  for (const std::string& input : n.inputs) out.text(1, input);
  out.text(2, n.output);
  out.text(3, n.output);
  out.text(4, n.type);
  for (const NodeAttribute& a : n.attributes) out.message(5, attribute(a));
  return out;
}

ProtobufWriter initializer(const std::string& name, const Tensor& t) {
  ProtobufWriter out;
  for (int i = 0; i < t.shape.rank(); ++i) out.integer(1, t.shape[i]);
  out.integer(2, data_type(t.dtype));
  out.text(8, name);
  out.text(9, {static_cast<const char*>(t.data), t.bytes()});  // raw, little-endian
  return out;
}

ProtobufWriter port(const OnnxPort& p) {
  ProtobufWriter shape;
  ProtobufWriter batch;
  batch.text(2, "N");
  shape.message(1, batch);
  for (const int64_t d : p.shape) {
    ProtobufWriter dimension;
    dimension.integer(1, d);
    shape.message(1, dimension);
  }
  ProtobufWriter tensor;
  tensor.integer(1, data_type(p.dtype));
  tensor.message(2, shape);
  ProtobufWriter type;
  type.message(1, tensor);
  ProtobufWriter out;
  out.text(1, p.name);
  out.message(2, type);
  return out;
}

ProtobufWriter graph_of(const Description& graph, const OnnxModel& model) {
  ProtobufWriter out;
  for (const Node& n : graph.nodes()) out.message(1, node(n));
  for (const OnnxPort& p : model.outputs) out.message(1, node({"Identity", p.name, {p.source}, {}}));
  out.text(2, model.name);
  for (const auto& [name, tensor] : graph.constants()) out.message(5, initializer(name, tensor));
  for (const OnnxPort& p : model.inputs) out.message(11, port(p));
  for (const OnnxPort& p : model.outputs) out.message(12, port(p));
  return out;
}

}  // namespace

std::string onnx_bytes(const Description& graph, const OnnxModel& model) {
  ProtobufWriter out;
  out.integer(1, ir_version);
  out.text(2, "thorax");
  out.text(3, model.version);
  out.text(6, model.description);
  out.message(7, graph_of(graph, model));
  ProtobufWriter operators;
  operators.text(1, "");
  operators.integer(2, opset);
  out.message(8, operators);
  for (const auto& [key, value] : model.metadata) {
    ProtobufWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    out.message(14, entry);
  }
  if (out.bytes().size() > max_bytes) {
    throw Error(Fault::input, str("onnx: the model has ", out.bytes().size(), " bytes, ", max_bytes, " are allowed"));
  }
  return out.bytes();
}

}  // namespace thorax::weights
