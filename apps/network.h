// A model with everything around it that a program needs: normalisation before, probabilities or loss behind. Several Networks
// (full batch, last batch, validation) share one Store and one Arena.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kernels/augment_math.h"
#include "losses/loss_op.h"
#include "optim/update.h"
#include "tensor/planner.h"

namespace thorax {

struct NetworkSpec {
  std::string model = "densenet121";
  std::function<Value(Graph&, Value x, int64_t classes)> build{};  // in place of the registry's model of that name
  int64_t classes = 0;
  int64_t size = 512;
  DType dtype = DType::f32;
  float mean = 0.449F;
  float std = 0.226F;
  Stream stream;
  bool keep_features = false;  // inference: the last feature map can be read
};

// What a training step is beside its model.
struct StepSpec {
  const LossTable* loss = nullptr;
  Update* update = nullptr;
  const float* loss_weight = nullptr;  // of this rank's loss in that of all; read in each run
  Replicas replicas{};
  const SampleMap* moves = nullptr;  // [batch], read in each run: how each image is augmented; null: not at all
};

class Network {
 public:
  // For inference: probabilities of batch images; running statistics.
  Network(const NetworkSpec& spec, int64_t batch, Store& store, Arena& arena);
  // For training: one step of batch images: forward, loss, backward, update.
  Network(const NetworkSpec& spec, int64_t batch, Store& store, Arena& arena, const StepSpec& step);

  // [batch,1,size,size] u8; [batch,classes] f32: filled by the caller before run().
  Tensor bytes() { return program_->tensor(bytes_); }
  Tensor labels() { return program_->tensor(labels_); }
  Tensor mask() { return program_->tensor(mask_); }
  void run(const std::function<void()>& meanwhile = {}) { program_->run(meanwhile); }
  // The next run's bytes, in the GPU's memory.
  void take_bytes(const void* staged) { program_->take_input(bytes_, staged); }
  void run_idle(const std::function<void()>& meanwhile = {}) { program_->run_idle(meanwhile); }
  // [batch,classes] f32, and a scalar f32 (training): valid after run().
  Tensor logits() { return program_->tensor(logits_); }
  Tensor probabilities() { return program_->tensor(probabilities_); }
  // With keep_features: [batch,K,h,w] behind the last ReLU, in the device's layout; and the parameter that the head
  // multiplies its means with, [classes,K].
  Tensor features() { return program_->tensor(features_); }
  const std::string& head_weight() const { return head_weight_; }
  float loss() { return *program_->tensor(loss_).as<float>(); }

  int64_t batch() const { return batch_; }
  Program& program() { return *program_; }

  // The parameters and states of a model, drawn with the seed.
  static Store make_store(const NetworkSpec& spec, uint64_t seed, bool with_gradients);

 private:
  void define(Graph& g, const NetworkSpec& spec, const SampleMap* moves);
  int64_t batch_;
  Value bytes_, labels_, mask_, logits_, probabilities_, features_, loss_;
  std::string head_weight_;
  std::optional<Program> program_;
};

}  // namespace thorax
