#include "optim/update.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "kernels/average.h"
#include "kernels/square_sum.h"

namespace thorax {

namespace {

Tensor flat(float* p, int64_t begin, int64_t count) {
  return {p + begin, {count}, DType::f32, Layout::plain};
}

// "classifier." of "classifier.bias".
std::string layer_of(const std::string& parameter) {
  return parameter.substr(0, parameter.rfind('.') + 1);
}

bool fits(const std::string& parameter, const std::string& name) {
  return parameter == name || parameter.rfind(name + '.', 0) == 0;
}

}  // namespace

void emit_sgd(Emitter& emit, Store& store, const SgdScalars* scalars, int64_t begin, int64_t count) {
  if (count < 0) count = store.flat_count() - begin;
  emit.step("sgd", {}, {}, 4.0 * static_cast<double>(count), [&store, scalars, begin, count](const Run& run) {
    sgd_update(run.stream, flat(store.gradients(), begin, count), scalars, flat(store.parameters(), begin, count),
               flat(store.momenta(), begin, count));
  });
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
  make_groups();
  if (options_.average_decay <= 0) average_ = nullptr;
  if (average_ == nullptr) return;
  if (average_->flat_count() != store.flat_count()) throw Error(Fault::defect, "update: the average is of another graph");
  for (const std::string& name : store.names())
    if (!store.is_parameter(name)) running_.emplace_back(store.find(name), average_->find(name));
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

void Update::make_groups() {
  std::map<int64_t, double> factors;  // by offset
  for (const std::string& name : store_.names())
    if (store_.is_parameter(name)) factors[store_.find(name).as<float>() - store_.parameters()] = factor_of(name);
  for (auto at = factors.begin(); at != factors.end(); ++at) {
    const auto next = std::next(at);
    const int64_t end = next == factors.end() ? store_.flat_count() : next->first;
    if (at->second == 0) continue;
    if (!groups_.empty() && groups_.back().factor == at->second && groups_.back().begin + groups_.back().count == at->first)
      groups_.back().count += end - at->first;
    else
      groups_.push_back({at->first, end - at->first, at->second});
  }
  if (groups_.empty()) throw Error(Fault::input, "every parameter is frozen: nothing is left to train");
  int64_t parts = 0;
  for (const Group& group : groups_) parts = std::max(parts, square_sum_parts(group.count));
  parts_.resize(static_cast<size_t>(options_.clip_norm > 0 ? parts : 0));
}

void Update::emit(Emitter& emit) {
  if (options_.clip_norm > 0)
    emit.step("clip", {}, {}, 2.0 * static_cast<double>(store_.flat_count()), [this](const Run& run) { clip(run.stream); });
  for (Group& group : groups_) emit_sgd(emit, store_, &group.scalars, group.begin, group.count);
  if (average_ == nullptr) return;
  emit.step("average", {}, {}, 3.0 * static_cast<double>(store_.flat_count()), [this](const Run& run) {
    const int64_t count = store_.flat_count();
    average_update(run.stream, flat(store_.parameters(), 0, count), &average_weight_, flat(average_->parameters(), 0, count));
    for (const auto& [from, to] : running_) {
      if (from.dtype == DType::f32)
        average_update(run.stream, from, &average_weight_, to);
      else
        std::copy_n(static_cast<const std::byte*>(from.data), from.bytes(), static_cast<std::byte*>(to.data));
    }
    average_->touch();
  });
}

void Update::clip(const Stream& stream) {
  double sum = 0;
  for (const Group& group : groups_) sum += square_sum(stream, flat(store_.gradients(), group.begin, group.count), parts_.data());
  norm_ = std::sqrt(sum);
  const double scale = norm_ > options_.clip_norm ? options_.clip_norm / norm_ : 1;
  for (Group& group : groups_) group.scalars.gradient_scale = static_cast<float>(scale);
}

void Update::prepare(double learning_rate, int64_t step) {
  for (Group& group : groups_) {
    group.scalars.lr = static_cast<float>(learning_rate * group.factor);
    group.scalars.momentum = static_cast<float>(options_.momentum);
    group.scalars.weight_decay = static_cast<float>(options_.weight_decay);
    group.scalars.first = step == 0 ? 1 : 0;
  }
  // Early weights are forgotten sooner, so that a short run's average is not its random beginning.
  const auto done = static_cast<double>(step);
  average_weight_ = static_cast<float>(1 - std::min(options_.average_decay, (1 + done) / (10 + done)));
}

}  // namespace thorax
