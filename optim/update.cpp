#include "optim/update.h"

#include <algorithm>
#include <map>

#include "kernels/average.h"
#include "kernels/clip.h"
#include "kernels/copy.h"
#include "kernels/square_sum.h"
#include "kernels/zero.h"
#include "tensor/communicator.h"

namespace thorax {

namespace {

Tensor flat(float* p, int64_t begin, int64_t count) {
  return {p + begin, {count}, DType::f32, Layout::plain};
}

// "classifier." of "classifier.bias".
std::string layer_of(const std::string& parameter) {
  return parameter.substr(0, parameter.rfind('.') + 1);
}

// Null: the loss does not depend on it.
Slot gradient_of(Emitter& emit, const std::string& parameter) {
  const auto& values = emit.graph().values();
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i].role == Role::parameter && values[i].name == parameter) return emit.gradient({static_cast<int>(i)});
  return {};
}

bool fits(const std::string& parameter, const std::string& name) {
  return parameter == name || parameter.rfind(name + '.', 0) == 0;
}

// SGD on the elements [begin, begin + count) with the scalars of this number.
template <class Scalars>
void emit_sgd(Emitter& emit, Store& store, const OnDevice<Scalars>& scalars, size_t number, int64_t begin, int64_t count) {
  emit.joint_step("sgd", {scalars.slot()}, {}, 4.0 * static_cast<double>(count),
                  [&store, scalars, number, begin, count](const Run& run) {
                    sgd_update(run.stream, flat(store.gradients(), begin, count), scalars.in(run) + number,
                               flat(store.parameters(), begin, count), flat(store.momenta(), begin, count));
                  });
}

}  // namespace

void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars) {
  emit_sgd(emit, store, OnDevice(emit, "sgd.scalars", scalars, 1), 0, 0, store.flat_count());
}

Update::Update(Store& store, Store* average, const UpdateOptions& options) : store_(store), average_(average), options_(options) {
  for (const std::string& name : store.names())
    if (store.is_parameter(name)) head_ = layer_of(name);
  for (const std::string& name : options_.freeze) {
    const auto is_meant = [&](const std::string& p) { return store.is_parameter(p) && fits(p, name); };
    if (name != "backbone" && std::none_of(store.names().begin(), store.names().end(), is_meant))
      throw Error(Fault::input, str("nothing to freeze: no parameter is called \"", name, "\" or begins with \"", name, ".\""),
                  "thorax inspect RUN/best.safetensors lists the names; \"backbone\" is all but the last layer");
  }
  make_pieces();
  make_groups();
  if (options_.loss_scaling) loss_scale_.emplace(store.queue());
  if (options_.average_decay <= 0) average_ = nullptr;
  if (average_ == nullptr) return;
  if (average_->flat_count() != store.flat_count()) throw Error(Fault::defect, "update: the average is of another graph");
  for (const std::string& name : store.names())
    if (!store.is_parameter(name)) running_.emplace_back(store.device_find(name), average_->device_find(name));
}

bool Update::is_frozen(const std::string& parameter) const {
  return factor_of(parameter) == 0;
}

double Update::factor_of(const std::string& parameter) const {
  const bool is_head = layer_of(parameter) == head_;
  for (const std::string& name : options_.freeze)
    if (name == "backbone" ? !is_head : fits(parameter, name)) return 0;
  return is_head ? 1 : options_.backbone_lr;
}

void Update::make_pieces() {
  std::map<int64_t, std::string> names;  // by offset
  for (const std::string& name : store_.names())
    if (store_.is_parameter(name)) names[store_.device_find(name).as<float>() - store_.parameters()] = name;
  for (auto at = names.begin(); at != names.end(); ++at) {
    const auto next = std::next(at);
    const int64_t end = next == names.end() ? store_.flat_count() : next->first;
    if (!is_frozen(at->second)) pieces_.push_back({at->second, at->first, end - at->first});
  }
  if (pieces_.empty()) throw Error(Fault::input, "every parameter is frozen: nothing is left to train");
}

void Update::make_groups() {
  for (const Piece& piece : pieces_) {
    const double factor = factor_of(piece.name);
    if (!groups_.empty() && groups_.back().factor == factor && groups_.back().begin + groups_.back().count == piece.begin)
      groups_.back().count += piece.count;
    else
      groups_.push_back({piece.begin, piece.count, factor});
  }
  scalars_.resize(groups_.size());
}

void Update::emit(Emitter& emit) {
  const OnDevice<SgdScalars> scalars(emit, "update.scalars", scalars_.data(), scalars_.size());
  emit_all_reduce(emit);
  if (options_.clip_norm > 0 || loss_scale_) emit_clip(emit, scalars);
  for (size_t i = 0; i < groups_.size(); ++i) emit_sgd(emit, store_, scalars, i, groups_[i].begin, groups_[i].count);
  if (average_ != nullptr) emit_average(emit);
}

// The ranks' gradients are parts of one sum: the loss's gradient has each one's weight in it (Trainer). Backward makes them in
// the order of the flat array, roughly (Li et al. 2020, "PyTorch Distributed": buckets). The exchanges of joint batch norms lie
// in between, which all ranks have to do in one order: then the sums come behind backward.
void Update::emit_all_reduce(Emitter& emit) {
  const Replicas& replicas = emit.replicas();
  if (replicas.communicator == nullptr) return;
  for (size_t i = 0; i < pieces_.size();) {
    const int64_t begin = pieces_[i].begin;
    int64_t end = begin;
    std::vector<Slot> gradients;
    for (; i < pieces_.size() && pieces_[i].begin == end && (end - begin) * 4 < replicas.bucket_bytes; ++i) {
      end += pieces_[i].count;
      gradients.push_back(gradient_of(emit, pieces_[i].name));
    }
    const auto body = [this, communicator = replicas.communicator, begin, count = end - begin](const Run& run) {
      const Tensor gradient = flat(store_.gradients(), begin, count);
      if (run.idle) set_zero(run.stream, gradient);
      communicator->all_reduce(run.stream, gradient);
    };
    if (replicas.joint_statistics)
      emit.joint_step("all_reduce", {}, {}, 0, body);
    else
      emit.joint_step_beside("all_reduce", std::move(gradients), body);
  }
  if (!replicas.joint_statistics) emit.join("all_reduce.wait");
}

void Update::emit_loss_scale(Emitter& emit, Slot loss_gradient) {
  if (loss_scale_) loss_scale_->emit(emit, loss_gradient);
}

void Update::emit_clip(Emitter& emit, const OnDevice<SgdScalars>& scalars) {
  // Page-locked, so that the GPU writes there itself.
  if (norm_.bytes() == 0) norm_ = Buffer(sizeof(double), emit.stream().device == Device::cuda ? Place::pinned : Place::host);
  int64_t count = 0;
  for (const Group& group : groups_) count += square_sum_parts(group.count);
  const Slot sums = emit.slot("clip.sums", {count * static_cast<int64_t>(sizeof(double))}, DType::u8);
  emit.joint_step("clip", {scalars.slot()}, {sums, scalars.slot()}, 2.0 * static_cast<double>(store_.flat_count()),
                  [this, scalars, sums, count, limit = options_.clip_norm > 0 ? options_.clip_norm : no_limit](const Run& run) {
                    auto* const parts = static_cast<double*>(run[sums].data);
                    double* next = parts;
                    for (const Group& group : groups_) {
                      square_sum(run.stream, flat(store_.gradients(), group.begin, group.count), next);
                      next += square_sum_parts(group.count);
                    }
                    clip(run.stream, parts, count, limit, reinterpret_cast<double*>(norm_.data()), scalars.in(run),
                         static_cast<int64_t>(groups_.size()), loss_scale_ ? loss_scale_->on_device() : nullptr);
                  });
}

void Update::emit_average(Emitter& emit) {
  emit.uses(*average_);
  const OnDevice<const float> weight(emit, "average.weight", &average_weight_, 1);
  emit.joint_step("average", {weight.slot()}, {}, 3.0 * static_cast<double>(store_.flat_count()), [this, weight](const Run& run) {
    const int64_t count = store_.flat_count();
    const float* w = weight.in(run);
    average_update(run.stream, flat(store_.parameters(), 0, count), w, flat(average_->parameters(), 0, count));
    for (const auto& [from, to] : running_) {
      if (from.dtype == DType::f32)
        average_update(run.stream, from, w, to);
      else
        copy_bytes(run.stream, from, to);
    }
  });
}

void Update::prepare(double learning_rate, int64_t step) {
  for (size_t i = 0; i < groups_.size(); ++i) {
    scalars_[i].lr = static_cast<float>(learning_rate * groups_[i].factor);
    scalars_[i].momentum = static_cast<float>(options_.momentum);
    scalars_[i].weight_decay = static_cast<float>(options_.weight_decay);
    scalars_[i].first = step == 0 ? 1 : 0;
  }
  // Early weights are forgotten sooner, so that a short run's average is not its random beginning.
  const auto done = static_cast<double>(step);
  average_weight_ = static_cast<float>(1 - std::min(options_.average_decay, (1 + done) / (10 + done)));
}

}  // namespace thorax
