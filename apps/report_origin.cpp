#include <sstream>

#include "apps/report_sections.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/sha256.h"

namespace thorax {

namespace {

std::string sha256_of(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  Sha256 hash;
  hash.update(mapped.bytes());
  return hash.hex();
}

}  // namespace

HtmlSection origin_section(const std::filesystem::path& model_file, const ModelDescription& model,
                           const std::vector<std::pair<std::string, std::string>>& measuring) {
  HtmlTable facts("Program, files and how was measured", {"", ""});
  for (const auto& [name, value] : measuring) facts.row({name, value});
  facts.row({"SHA-256 of the model", sha256_of(model_file)});
  HtmlTable values("Every value of the training, given or default", {"", ""});
  std::istringstream config(model.config);
  for (std::string line; std::getline(config, line);) {
    const size_t equals = line.find(" = ");
    if (equals != std::string::npos) values.row({line.substr(0, equals), line.substr(equals + 3)});
  }
  return {"origin", "How it was made",
          "<div class=\"values\">" + facts.html() + "</div>\n<details><summary>Configuration</summary><div class=\"values\">" +
              values.html() + "</div></details>\n"};
}

}  // namespace thorax
