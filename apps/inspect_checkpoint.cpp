#include "apps/inspect_checkpoint.h"

#include <algorithm>

#include "apps/console.h"
#include "apps/printable.h"
#include "tensor/json.h"
#include "tensor/serialize.h"

namespace thorax {
namespace {

// No overflow: the reader has checked the product against the size of the file, except for a dtype that it does not know.
std::string shape_text(const TensorEntry& entry) {
  std::string text = "[";
  for (const int64_t d : entry.shape) text += (text.size() > 1 ? "," : "") + std::to_string(d);
  return text + "]";
}

// Text of several lines (the configuration) is indented under its key.
std::string block(const std::string& text) {
  if (text.find('\n') == std::string::npos) return printable(text) + '\n';
  std::string out = "\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += "            " + printable(line) + '\n';
  return out;
}

std::string padded(std::string text, size_t width) {
  const size_t used = columns(text);
  return used < width ? text.append(width - used, ' ') : text;
}

}  // namespace

std::string describe_checkpoint(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  const bool checked = file.verify();
  std::string out =
      str("file      ", printable(path.string()), "\nbytes     ", with_commas(static_cast<int64_t>(file.bytes())), "\nchecksum  ",
          checked ? "fits" : "none (not written by thorax)", "\ntensors   ", file.entries().size(), '\n');
  if (!file.metadata().empty()) out += "metadata\n";
  for (const auto& [key, value] : file.metadata()) out += str("  ", padded(printable(key), 26), "  ", block(value));
  size_t width = 0;
  for (const TensorEntry& entry : file.entries()) width = std::max(width, std::min<size_t>(60, columns(printable(entry.name))));
  for (const TensorEntry& entry : file.entries()) {
    out += str("  ", padded(printable(entry.name), width), "  ", padded(printable(entry.dtype), 5), shape_text(entry), '\n');
  }
  return out;
}

std::string describe_checkpoint_json(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  std::string out = str(R"({"file":)", json_quote(printable(path.string())), R"(,"bytes":)", file.bytes(), R"(,"checksum":)",
                        file.verify() ? R"("fits")" : R"("none")", R"(,"metadata":{)");
  const char* separator = "";
  for (const auto& [key, value] : file.metadata()) {
    out += str(separator, json_quote(key), ':', json_quote(value));
    separator = ",";
  }
  out += R"(},"tensors":[)";
  separator = "";
  for (const TensorEntry& entry : file.entries()) {
    out += str(separator, R"({"name":)", json_quote(entry.name), R"(,"dtype":)", json_quote(entry.dtype), R"(,"shape":)",
               shape_text(entry), R"(,"bytes":)", entry.end - entry.begin, '}');
    separator = ",";
  }
  return out + "]}";
}

}  // namespace thorax
