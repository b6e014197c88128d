#include "apps/inspect_checkpoint.h"

#include <algorithm>

#include "apps/console.h"
#include "apps/initial_weights.h"
#include "apps/printable.h"
#include "tensor/json.h"
#include "tensor/sha256.h"

namespace thorax {
namespace {

using weights::shape_text;
using weights::WeightFile;
using weights::WeightTensor;

// Text of several lines (the configuration) is indented under its key.
std::string block(const std::string& text) {
  if (text.find('\n') == std::string::npos) return printable(text) + '\n';
  std::string out = "\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += "            " + printable(line) + '\n';
  return out;
}

template <class Items, class Text>
std::string json_list(const Items& items, const Text& text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + text(item);
  return '[' + out + ']';
}

std::string fit_json(const WeightFit& fit, const std::string& model) {
  return str(R"({"model":)", json_quote(model), R"(,"needed":)", fit.needed, R"(,"fitting":)", fit.fitting, R"(,"names":)",
             json_quote(fit.match.style), R"(,"prefix":)", json_quote(fit.match.prefix), R"(,"missing":)",
             json_list(fit.missing, [](const std::string& name) { return json_quote(name); }), R"(,"misfits":)",
             json_list(fit.misfits, [](const std::string& text) { return json_quote(text); }), R"(,"unused":)",
             json_list(fit.match.unused, [](const WeightTensor* t) { return json_quote(t->name); }), '}');
}

std::string tensor_json(const WeightTensor& t) {
  Sha256 hash;
  for_each_piece(t, [&](std::span<const std::byte> piece) { hash.update(piece); });
  return str(R"({"name":)", json_quote(t.name), R"(,"dtype":)", json_quote(t.dtype), R"(,"shape":)", shape_text(t.shape),
             R"(,"bytes":)", t.bytes(), R"(,"sha256":")", hash.hex(), R"("})");
}

}  // namespace

std::string describe_checkpoint(const std::filesystem::path& path, const std::string& model) {
  const WeightFile file(path);
  const weights::Contents& c = file.contents();
  std::string out = str("file      ", printable(path.string()), "\nformat    ", c.format,
                        c.root_class.empty() ? "" : str(", an object of ", printable(c.root_class)), "\nbytes     ",
                        with_commas(static_cast<int64_t>(file.bytes())), "\nchecksum  ",
                        file.checksum_fits() ? "fits" : "none (not written by thorax)", "\ntensors   ", c.tensors.size(), '\n');
  if (!model.empty()) out += str("fit       ", fit_report(fit_weights(file, model, 0), model), '\n');
  if (const auto scaling = input_scaling(file)) {
    out += str("input     (x/255 - ", scaling->mean, ")/", scaling->std, ", ", scaling->why, '\n');
  }
  if (!c.metadata.empty()) out += "metadata\n";
  for (const auto& [key, value] : c.metadata) out += str("  ", padded(printable(key), 26), "  ", block(value));
  size_t width = 0;
  for (const WeightTensor& t : c.tensors) width = std::max(width, std::min<size_t>(60, columns(printable(t.name))));
  for (const WeightTensor& t : c.tensors) {
    out += str("  ", padded(printable(t.name), width), "  ", padded(printable(t.dtype), 5), shape_text(t.shape), '\n');
  }
  return out;
}

std::string describe_checkpoint_json(const std::filesystem::path& path, const std::string& model) {
  const WeightFile file(path);
  const weights::Contents& c = file.contents();
  std::string metadata;
  for (const auto& [key, value] : c.metadata)
    metadata += str(metadata.empty() ? "" : ",", json_quote(key), ':', json_quote(value));
  return str(R"({"file":)", json_quote(printable(path.string())), R"(,"format":)", json_quote(c.format), R"(,"class":)",
             json_quote(c.root_class), R"(,"bytes":)", file.bytes(), R"(,"checksum":)",
             file.checksum_fits() ? R"("fits")" : R"("none")", R"(,"metadata":{)", metadata, R"(},"tensors":)",
             json_list(c.tensors, tensor_json), model.empty() ? "" : R"(,"fit":)" + fit_json(fit_weights(file, model, 0), model),
             '}');
}

}  // namespace thorax
