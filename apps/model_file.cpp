#include "apps/model_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "apps/checkpoint.h"
#include "apps/device.h"
#include "apps/metadata.h"
#include "apps/run_folder.h"

namespace thorax {

namespace {

constexpr const char* format_key = "thorax.format";
constexpr const char* format_value = "model 1";

std::string encode_cutoffs(const std::vector<std::optional<float>>& cutoffs) {
  std::vector<std::string> texts;
  texts.reserve(cutoffs.size());
  for (const auto& c : cutoffs)
    texts.push_back(!c ? "undefined" : std::isinf(*c) ? "inf" : encode_number(static_cast<double>(*c)));
  return encode_list(texts);
}

std::vector<std::optional<float>> decode_cutoffs(const std::string& text) {
  std::vector<std::optional<float>> cutoffs;
  for (const std::string& t : decode_list(text)) {
    if (t == "undefined")
      cutoffs.emplace_back();
    else
      cutoffs.emplace_back(static_cast<float>(decode_number(t)));
  }
  return cutoffs;
}

std::string required(const std::map<std::string, std::string>& metadata, const std::string& key,
                     const std::filesystem::path& file) {
  const auto it = metadata.find(key);
  if (it == metadata.end()) {
    throw Error(Fault::input, str(file.string(), ": the metadata has no \"", key, "\": not a model that thorax trained"));
  }
  return it->second;
}

ModelDescription read_description(const SafetensorsFile& file, const std::filesystem::path& name) {
  const auto& m = file.metadata();
  if (required(m, format_key, name) != format_value) {
    throw Error(Fault::input, str(name.string(), ": format \"", m.at(format_key), "\", \"", format_value, "\" is expected"),
                "best.safetensors and last.safetensors of a run are models");
  }
  ModelDescription d;
  d.model = required(m, "thorax.model", name);
  d.classes = decode_list(required(m, "thorax.classes", name));
  d.recipe = data::recipe_from_metadata(m);
  const std::string& dtype = required(m, "thorax.dtype", name);
  d.dtype = dtype == name_of(DType::bf16) ? DType::bf16 : dtype == name_of(DType::f16) ? DType::f16 : DType::f32;
  d.cutoffs = decode_cutoffs(required(m, "thorax.cutoffs", name));
  d.epoch = static_cast<int64_t>(decode_number(required(m, "thorax.epoch", name)));
  d.validation_images = static_cast<int64_t>(decode_number(required(m, "thorax.validation_images", name)));
  d.config = required(m, "thorax.config", name);
  if (d.cutoffs.size() != d.classes.size() || d.classes.empty()) {
    throw Error(Fault::input, str(name.string(), ": ", d.classes.size(), " classes and ", d.cutoffs.size(), " cut-offs"));
  }
  return d;
}

}  // namespace

NetworkSpec network_spec(const ModelDescription& d, const Stream& stream) {
  NetworkSpec spec;
  spec.model = d.model;
  spec.classes = static_cast<int64_t>(d.classes.size());
  spec.size = d.recipe.size;
  spec.dtype = d.dtype;
  spec.mean = d.recipe.mean;
  spec.std = d.recipe.std;
  spec.stream = stream;
  return spec;
}

std::map<std::string, std::string> to_metadata(const ModelDescription& d) {
  std::map<std::string, std::string> m = data::to_metadata(d.recipe);
  m[format_key] = format_value;
  m["thorax.model"] = d.model;
  m["thorax.classes"] = encode_list(d.classes);
  m["thorax.dtype"] = name_of(d.dtype);
  m["thorax.cutoffs"] = encode_cutoffs(d.cutoffs);
  m["thorax.epoch"] = str(d.epoch);
  m["thorax.validation_images"] = str(d.validation_images);
  m["thorax.config"] = d.config;
  return m;
}

void write_model(const std::filesystem::path& file, const ModelDescription& d, const Store& store) {
  std::vector<NamedTensor> tensors;
  for (const std::string& name : store.names()) tensors.push_back({name, store.find(name)});
  save_checkpoint(file, {std::move(tensors), to_metadata(d)});
}

void load_store(const SafetensorsFile& file, Store& store) {
  std::string wrong;
  int64_t count = 0;
  for (const std::string& tensor : store.names()) {
    const Tensor to = store.find(tensor);
    const Tensor* from = file.find(tensor);
    if (from != nullptr && from->shape == to.shape && from->dtype == to.dtype) {
      std::memcpy(to.data, from->data, to.bytes());
      continue;
    }
    if (++count <= 3)
      wrong += str(count > 1 ? ", " : "", tensor,
                   from != nullptr ? str(" is ", from->shape, ' ', from->dtype, ", not ", to.shape, ' ', to.dtype)
                                   : std::string(" is missing"));
  }
  if (count > 0)
    throw Error(Fault::input, str(file.path().string(), ": ", count, " tensors do not fit: ", wrong, count > 3 ? ", ..." : ""));
  store.touch();
}

LoadedModel::LoadedModel(const std::filesystem::path& name, int64_t batch, const Stream& stream, bool keep_features) {
  const SafetensorsFile file = open_checkpoint(name);
  description_ = read_description(file, name);
  description_.dtype = usable_dtype(description_.dtype, stream);
  NetworkSpec spec = network_spec(description_, stream);
  spec.keep_features = keep_features;
  store_.emplace(Network::make_store(spec, 0, false));
  load_store(file, *store_);
  network_.emplace(spec, batch, *store_, arena_);
}

std::filesystem::path model_of_run(const std::filesystem::path& run_or_file) {
  if (!std::filesystem::exists(run_or_file))
    throw Error(Fault::input, str(run_or_file.string(), ": no such run folder or model"));
  if (!std::filesystem::is_directory(run_or_file)) return run_or_file;
  std::filesystem::path best = open_run(run_or_file).best();
  if (!std::filesystem::exists(best)) {
    throw Error(Fault::input, str(run_or_file.string(), ": there is no best.safetensors in it"),
                "a run has one as soon as its first epoch has ended");
  }
  return best;
}

}  // namespace thorax
