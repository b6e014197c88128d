#include "apps/training_state.h"

#include <cstring>

#include "apps/metadata.h"
#include "apps/model_file.h"
#include "tensor/serialize.h"

namespace thorax {

namespace {

constexpr const char* format_key = "thorax.format";
constexpr const char* format_value = "state 1";
constexpr const char* momentum_suffix = ".momentum";

std::string momentum_name(const std::string& parameter) { return parameter + momentum_suffix; }

double number(const SafetensorsFile& file, const std::string& key) {
  const auto it = file.metadata().find(key);
  if (it == file.metadata().end()) throw Error(Fault::input, str(file.path().string(), ": the metadata has no \"", key, "\""));
  return decode_number(it->second);
}

void check_identity(const SafetensorsFile& file, const std::map<std::string, std::string>& identity) {
  for (const auto& [key, value] : identity) {
    const auto it = file.metadata().find(key);
    if (it != file.metadata().end() && it->second == value) continue;
    throw Error(Fault::input, str(file.path().string(), ": this run was begun with ", key, " ", it == file.metadata().end() ? "absent" : it->second,
                                  ", not ", value),
                "a run goes on with the data and options it was begun with; --out begins a new one");
  }
}

void load_momentum(const SafetensorsFile& file, Store& store) {
  for (const std::string& name : store.names()) {
    if (!store.is_parameter(name)) continue;
    const Tensor to = store.momentum(name);
    const Tensor* from = file.find(momentum_name(name));
    if (from == nullptr || !(from->shape == to.shape) || from->dtype != to.dtype) {
      throw Error(Fault::input, str(file.path().string(), ": ", momentum_name(name), " is missing or has another shape"));
    }
    std::memcpy(to.data, from->data, to.bytes());
  }
}

Progress read(const std::filesystem::path& name, const std::map<std::string, std::string>& identity, Trainer& trainer) {
  const SafetensorsFile file(name);
  if (!file.verify()) throw Error(Fault::input, str(name.string(), ": has no checksum: not a state that thorax wrote"));
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
  load_momentum(file, trainer.store());
  trainer.set_warm(p.step > 0);
  return p;
}

}  // namespace

std::filesystem::path state_file(const std::filesystem::path& folder) { return folder / "state.safetensors"; }
std::filesystem::path previous_state_file(const std::filesystem::path& folder) { return folder / "state.previous.safetensors"; }

void save_state(const std::filesystem::path& folder, const Progress& p, const std::map<std::string, std::string>& identity, Trainer& trainer) {
  Store& store = trainer.store();
  std::vector<NamedTensor> tensors;
  for (const std::string& name : store.names()) {
    tensors.push_back({name, store.find(name)});
    if (store.is_parameter(name)) tensors.push_back({momentum_name(name), store.momentum(name)});
  }
  std::map<std::string, std::string> m = identity;
  m["format"] = "pt";
  m[format_key] = format_value;
  m["thorax.version"] = THORAX_VERSION;
  m["thorax.epoch"] = str(p.epoch);
  m["thorax.batch_in_epoch"] = str(p.batch);
  m["thorax.step"] = str(p.step);
  m["thorax.loss_sum"] = encode_number(p.loss_sum);
  m["thorax.images_in_epoch"] = str(p.images);
  m["thorax.best"] = encode_number(p.best);
  m["thorax.best_epoch"] = str(p.best_epoch);
  write_safetensors(state_file(folder), tensors, m, previous_state_file(folder).filename());
}

std::optional<Progress> load_state(const std::filesystem::path& folder, const std::map<std::string, std::string>& identity, Trainer& trainer) {
  std::error_code error;
  const bool newest = std::filesystem::exists(state_file(folder), error);
  const bool previous = std::filesystem::exists(previous_state_file(folder), error);
  if (!newest && !previous) return std::nullopt;
  if (!newest) return read(previous_state_file(folder), identity, trainer);
  try {
    return read(state_file(folder), identity, trainer);
  } catch (const Error&) {
    if (!previous) throw;
    return read(previous_state_file(folder), identity, trainer);
  }
}

}  // namespace thorax
