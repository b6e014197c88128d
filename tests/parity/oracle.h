// What PyTorch computes, read from tests/parity/data (README.md beside it has the quantities, the rule and the format), the same
// weights and images drawn again, and the comparison.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensor/rng.h"
#include "tensor/tensor.h"

namespace thorax::parity {

// A parameter and the interval that it is drawn from; `turned` is the share of its elements whose sign is turned.
struct Parameter {
  std::string name;
  Shape shape;
  uint64_t stream = 0;  // its index in torchvision's order
  float low = 0, high = 0, turned = 0;
};

// One tensor of the oracle: its root mean square, PyTorch's own error in float32 and in bfloat16, and its sketch.
struct Record {
  Shape shape;
  uint64_t stream = 0;
  double rms = 0, f32_error = 0, bf16_error = 0;
  std::vector<double> values;
};

struct Oracle {
  std::string model;
  int64_t classes = 0, channels = 0, size = 0, batch = 0;
  uint64_t seed = 0, sketch_seed = 0, input_stream = 0, label_stream = 0;
  int64_t steps = 0;
  float learning_rate = 0, momentum = 0, weight_decay = 0;
  std::vector<Parameter> parameters;
  // By kind and name. Kinds: draw, output (logits, loss, losses, eval_logits), gradient, running, final.
  std::map<std::pair<std::string, std::string>, Record> records;
  // The first elements of what was drawn, by name.
  std::map<std::string, std::vector<float>> heads;

  // Throws Error(defect) when there is none.
  const Record& find(const std::string& kind, const std::string& name) const;
};

// name: "densenet121_rgb96". Throws Error(input) with the line when the file is not as it should be.
Oracle read_oracle(const std::string& name);
// The same from any file.
Oracle read_oracle_file(const std::filesystem::path& path);

// out: [parameter.shape.count()].
void draw(const Oracle& oracle, const Parameter& parameter, float* out);
// [batch,channels,size,size], uniform in [-2,2): what the network is given, without further normalisation.
std::vector<float> draw_input(const Oracle& oracle);
// [batch,classes], 0 or 1.
std::vector<float> draw_labels(const Oracle& oracle);

// The elements themselves when there are at most 64; else 64 projections on random signs, divided by sqrt(count), so that
// their root mean square is about that of x.
std::vector<double> sketch(const float* x, int64_t count, uint64_t seed, uint64_t stream);

// The rule: the root mean square, over the sketch, of our difference to float64 is at most `factor` times PyTorch's own in the
// same dtype, or 8 eps times the tensor's RMS (eps: 2^-23, 2^-8), whichever is more. A tensor of one element knows the floor
// alone.
class Comparison {
 public:
  Comparison(const Oracle& oracle, DType dtype, double factor) : oracle_(oracle), dtype_(dtype), factor_(factor) {}

  // A wrong count or a NaN fails as well.
  void check(const std::string& kind, const std::string& name, const float* x, int64_t count);

  bool passed() const { return failures() == 0; }
  int failures() const;
  int checked() const { return static_cast<int>(rows_.size()); }
  // For each kind how many were checked, the median and the largest error / limit; then the `worst` tensors.
  std::string report(size_t worst = 8) const;

 private:
  struct Row {
    std::string kind, name;
    double rms = 0, error = 0, reference = 0, limit = 0;
    double ratio() const { return error / limit; }
  };
  const Oracle& oracle_;
  DType dtype_;
  double factor_;
  std::vector<Row> rows_;
};

}  // namespace thorax::parity
