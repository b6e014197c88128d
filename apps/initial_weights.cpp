#include "apps/initial_weights.h"

#include <algorithm>
#include <cmath>

#include "apps/console.h"
#include "apps/printable.h"
#include "data/preprocess.h"
#include "models/registry.h"

namespace thorax {
namespace {

using weights::WeightFile;
using weights::WeightTensor;

constexpr int64_t any_size = 64;  // no tensor of a model depends on the size of its input
constexpr size_t most_named = 3;

std::vector<int64_t> dimensions(const Shape& shape) {
  std::vector<int64_t> d;
  d.reserve(static_cast<size_t>(shape.rank()));
  for (int i = 0; i < shape.rank(); ++i) d.push_back(shape[i]);
  return d;
}

bool is_one_channel_stem(const WeightTensor& from, const Shape& to) {
  return to.rank() == 4 && to[1] == 3 && from.shape == std::vector<int64_t>{to[0], 1, to[2], to[3]};
}

bool fits_shape(const WeightTensor& from, const Shape& to) {
  std::vector<int64_t> shape = from.shape;
  if (to.rank() == 2 && shape.size() == 4 && shape[2] == 1 && shape[3] == 1) shape.resize(2);
  if (to.rank() == 0 && shape == std::vector<int64_t>{1}) shape.clear();
  return shape == dimensions(to) || is_one_channel_stem(from, to);
}

// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), most_named); ++i) text += (i > 0 ? ", " : "") + printable(names[i]);
  if (names.size() > most_named) text += str(" and ", names.size() - most_named, " more");
  return text;
}

// A one-channel filter is shared by three equal channels: w/3 each, whose sum over grey input is w again.
void copy_tensor(const WeightTensor& from, const Tensor& to, const std::string& file) {
  if (to.dtype == DType::i64) return weights::to_int64(from, to.as<int64_t>());
  std::vector<float> values(static_cast<size_t>(from.count()));
  weights::to_floats(from, values.data());
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
    throw Error(Fault::input, str(file, ": ", from.name, " holds numbers that are not finite"));
  }
  auto* out = to.as<float>();
  if (!is_one_channel_stem(from, to.shape)) {
    std::copy(values.begin(), values.end(), out);
    return;
  }
  const int64_t area = to.shape[2] * to.shape[3];
  for (int64_t i = 0; i < to.count(); ++i) out[i] = values[static_cast<size_t>(i / (3 * area) * area + i % area)] / 3.0F;
}

void check_complete(const WeightFile& file, const WeightFit& fit, const std::string& model) {
  if (fit.fitting == fit.needed) return;
  const std::string path = file.path().string();
  const std::string other = fitting_model(file);
  const std::string hint =
      !other.empty() ? "it fits --model " + other : str("thorax inspect --model ", model, " FILE tells more");
  if (fit.match.matched == 0) {
    throw Error(Fault::input,
                str(path, ": none of its ", with_commas(static_cast<int64_t>(file.tensors().size())), " tensors has a name of ",
                    model, file.tensors().empty() ? "" : str("; the first is ", printable(file.tensors().front().name))),
                hint);
  }
  const std::string missing = fit.missing.empty() ? "" : str(fit.missing.size(), " are missing: ", some_of(fit.missing));
  const std::string misfits = fit.misfits.empty() ? "" : str(fit.misfits.size(), " do not fit: ", some_of(fit.misfits));
  throw Error(Fault::input,
              str(path, ": of the ", fit.needed, " tensors of ", model, ' ', missing,
                  !missing.empty() && !misfits.empty() ? "; " : "", misfits),
              hint);
}

}  // namespace

std::vector<ModelTensor> tensors_of_model(const std::string& model, int64_t classes) {
  Graph g(false);
  find_model(model).build(g, g.input("x", {1, 1, any_size, any_size}), classes);
  std::vector<ModelTensor> tensors;
  for (const ValueInfo& v : g.values()) {
    if (v.role != Role::parameter && v.role != Role::state) continue;
    tensors.push_back({v.name, v.shape, v.dtype, false, v.dtype == DType::i64});
  }
  const std::string& last = tensors.back().name;
  const std::string head = last.substr(0, last.rfind('.') + 1);
  for (ModelTensor& t : tensors) t.head = t.name.starts_with(head);
  return tensors;
}

WeightFit fit_weights(const WeightFile& file, const std::string& model, int64_t classes) {
  WeightFit fit;
  fit.with_head = classes > 0;
  fit.wanted = tensors_of_model(model, std::max<int64_t>(1, classes));
  std::vector<std::string> names;
  for (const ModelTensor& t : fit.wanted) names.push_back(t.name);
  fit.match = weights::match_names(names, file.tensors());
  for (size_t i = 0; i < fit.wanted.size(); ++i) {
    const ModelTensor& wanted = fit.wanted[i];
    const WeightTensor* found = fit.match.found[i];
    const bool fits = found != nullptr && weights::is_number(*found) && fits_shape(*found, wanted.shape);
    fit.fits.push_back(fits);
    if ((wanted.head && !fit.with_head) || wanted.optional) continue;
    ++fit.needed;
    fit.fitting += fits ? 1 : 0;
    if (found == nullptr) fit.missing.push_back(wanted.name);
    if (found != nullptr && !fits) {
      fit.misfits.push_back(
          str(wanted.name, " is ", weights::shape_text(found->shape), ' ', found->dtype, ", not ", wanted.shape));
    }
  }
  return fit;
}

std::string fit_report(const WeightFit& fit, const std::string& model) {
  std::string text = str(fit.fitting, " of the ", fit.needed, " tensors of ", model, fit.with_head ? "" : "'s backbone");
  if (fit.match.matched > 0) {
    text += str("; names as in ", fit.match.style,
                fit.match.prefix.empty() ? "" : str(", behind \"", printable(fit.match.prefix), '"'));
  }
  for (size_t i = 0; i < fit.wanted.size(); ++i) {
    const WeightTensor* found = fit.match.found[i];
    if (fit.fits[i] && is_one_channel_stem(*found, fit.wanted[i].shape)) text += "; a stem of one channel, w/3 for each of three";
  }
  std::vector<std::string> unused;
  for (size_t i = 0; i < fit.wanted.size(); ++i) {
    if (fit.wanted[i].head && !fit.with_head && fit.match.found[i] != nullptr) unused.push_back(fit.match.found[i]->name);
  }
  for (const WeightTensor* t : fit.match.unused) unused.push_back(t->name);
  if (!fit.missing.empty()) text += "\n        missing: " + some_of(fit.missing);
  if (!fit.misfits.empty()) text += "\n        not fitting: " + some_of(fit.misfits);
  if (!unused.empty()) text += "\n        not taken: " + some_of(unused);
  return text;
}

std::string fitting_model(const WeightFile& file) {
  std::string name;
  size_t most = 0;
  for (const Model& m : models()) {
    const WeightFit fit = fit_weights(file, m.name, 0);
    if (fit.fitting == fit.needed && fit.needed > most) name = m.name, most = fit.needed;
  }
  return name;
}

std::string take_weights(const WeightFile& file, const std::string& model, int64_t classes, Store& store) {
  const WeightFit fit = fit_weights(file, model, classes);
  check_complete(file, fit, model);
  for (size_t i = 0; i < fit.wanted.size(); ++i) {
    if (fit.fits[i] && (!fit.wanted[i].head || fit.with_head))
      copy_tensor(*fit.match.found[i], store.find(fit.wanted[i].name), file.path().string());
  }
  store.touch();
  return fit_report(fit, model);
}

std::optional<InputScaling> input_scaling(const WeightFile& file) {
  const Metadata& metadata = file.contents().metadata;
  if (metadata.count("preprocess.mean") != 0) {
    try {
      const data::Recipe recipe = data::recipe_from_metadata(metadata);
      return InputScaling{recipe.mean, recipe.std, "as the model in the file had it"};
    } catch (const Error& e) {
      throw Error(e.fault(), str(file.path().string(), ": ", e.what()), e.hint());
    }
  }
  // torchxrayvision feeds (2 * x/255 - 1) * 1024; its models carry a buffer of this name.
  const bool marked = std::any_of(file.tensors().begin(), file.tensors().end(), [](const WeightTensor& t) {
    return t.name == "op_threshs" || t.name.ends_with(".op_threshs");
  });
  if (!marked && !file.contents().root_class.starts_with("torchxrayvision.")) return std::nullopt;
  return InputScaling{0.5F, 1.0F / 2048.0F, "torchxrayvision's [-1024, 1024]"};
}

}  // namespace thorax
