#include "apps/training_state.h"

#include <cstdio>
#include <cstring>

#include "apps/checkpoint.h"
#include "apps/metadata.h"
#include "apps/model_file.h"

namespace thorax {

namespace {

constexpr const char* format_key = "thorax.format";
constexpr const char* format_value = "state 1";
constexpr const char* momentum_suffix = ".momentum";
constexpr const char* average_suffix = ".average";
constexpr const char* loss_scale_name = "loss_scale";

double number(const SafetensorsFile& file, const std::string& key) {
  const auto it = file.metadata().find(key);
  if (it == file.metadata().end()) throw Error(Fault::input, str(file.path().string(), ": the metadata has no \"", key, "\""));
  return decode_number(it->second);
}

void check_identity(const SafetensorsFile& file, const std::map<std::string, std::string>& identity) {
  for (const auto& [key, value] : identity) {
    const auto it = file.metadata().find(key);
    if (it != file.metadata().end() && it->second == value) continue;
    throw Error(Fault::input,
                str(file.path().string(), ": this run was begun with ", key, " ",
                    it == file.metadata().end() ? "absent" : it->second, ", not ", value),
                "a run goes on with the data and options it was begun with; --out begins a new one");
  }
}

void load_tensor(const SafetensorsFile& file, const std::string& name, const Tensor& to) {
  const Tensor* from = file.find(name);
  if (from == nullptr || !(from->shape == to.shape) || from->dtype != to.dtype) {
    throw Error(Fault::input, str(file.path().string(), ": ", name, " is missing or has another shape"));
  }
  std::memcpy(to.data, from->data, to.bytes());
}

void load_extras(const SafetensorsFile& file, Trainer& trainer) {
  Store& store = trainer.store();
  for (const std::string& name : store.names()) {
    if (store.is_parameter(name)) load_tensor(file, name + momentum_suffix, store.momentum(name));
    if (trainer.average() != nullptr) load_tensor(file, name + average_suffix, trainer.average()->find(name));
  }
  if (trainer.average() != nullptr) trainer.average()->touch();
  if (trainer.loss_scale() == nullptr) return;
  load_tensor(file, loss_scale_name, trainer.loss_scale()->values());
  trainer.loss_scale()->touch();
}

Progress read(const SafetensorsFile& file, const std::map<std::string, std::string>& identity, Trainer& trainer) {
  check_identity(file, identity);
  Progress p;
  p.epoch = static_cast<int64_t>(number(file, "thorax.epoch"));
  p.batch = static_cast<int64_t>(number(file, "thorax.batch_in_epoch"));
  p.step = static_cast<int64_t>(number(file, "thorax.step"));
  p.loss_sum = number(file, "thorax.loss_sum");
  p.images = static_cast<int64_t>(number(file, "thorax.images_in_epoch"));
  p.best = number(file, "thorax.best");
  p.best_epoch = static_cast<int64_t>(number(file, "thorax.best_epoch"));
  load_store(file, trainer.store());
  load_extras(file, trainer);
  trainer.set_steps(p.step);
  return p;
}

}  // namespace

void save_state(const RunPaths& run, const Progress& p, const std::map<std::string, std::string>& identity, Trainer& trainer) {
  Store& store = trainer.store();
  std::vector<NamedTensor> tensors;
  for (const std::string& name : store.names()) {
    tensors.push_back({name, store.find(name)});
    if (store.is_parameter(name)) tensors.push_back({name + momentum_suffix, store.momentum(name)});
    if (trainer.average() != nullptr) tensors.push_back({name + average_suffix, trainer.average()->find(name)});
  }
  if (trainer.loss_scale() != nullptr) tensors.push_back({loss_scale_name, trainer.loss_scale()->values()});
  std::map<std::string, std::string> m = identity;
  m[format_key] = format_value;
  m["thorax.epoch"] = str(p.epoch);
  m["thorax.batch_in_epoch"] = str(p.batch);
  m["thorax.step"] = str(p.step);
  m["thorax.loss_sum"] = encode_number(p.loss_sum);
  m["thorax.images_in_epoch"] = str(p.images);
  m["thorax.best"] = encode_number(p.best);
  m["thorax.best_epoch"] = str(p.best_epoch);
  save_generation(run, {std::move(tensors), std::move(m)});
}

std::optional<Progress> load_state(const RunPaths& run, const std::map<std::string, std::string>& identity, Trainer& trainer) {
  const std::optional<Generation> newest = newest_generation(run);
  if (!newest) return std::nullopt;
  if (!newest->note.empty()) std::fprintf(stderr, "note    %s\n", newest->note.c_str());
  return read(newest->file, identity, trainer);
}

}  // namespace thorax
