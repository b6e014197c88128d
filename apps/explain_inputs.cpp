#include "apps/explain_inputs.h"

#include <map>

#include "apps/input_files.h"
#include "apps/run_table.h"
#include "data/sets/data_set.h"
#include "data/table.h"

namespace thorax {

namespace {

using Boxes = std::map<std::string, std::vector<data::Box>>;

bool is_table(const std::vector<std::string>& words) {
  if (words.size() != 1) return false;
  const std::string& word = words[0];
  const auto ends = [&](const std::string& end) { return word.size() > end.size() && word.ends_with(end); };
  return ends(".csv") || ends(".csv.gz");
}

std::vector<ExplainInput> of_table(const Flags& flags, const std::vector<std::string>& classes) {
  data::ManifestOptions options;
  options.table = flags.positionals()[0];
  options.root = flags.text("root");
  options.labels = classes;
  const data::Manifest manifest = data::read_manifest(options);
  std::vector<ExplainInput> inputs;
  for (const size_t row : rows_of(manifest, flags.choice("split", {"train", "val", "test", "all"})))
    inputs.push_back({manifest.rows[row].file, manifest.rows[row].boxes});
  return inputs;
}

// "images/000001.png" -> "images/000001"
std::string without_ending(const std::string& name) {
  return std::filesystem::path(name).replace_extension().generic_string();
}

// By the name of the image without its ending.
Boxes read_boxes(const std::filesystem::path& file) {
  data::Mistakes mistakes(file.filename().string());
  const data::Table table(file, mistakes);
  const size_t image = table.column(table.find("image") ? "image" : "image_id");
  const size_t finding = table.column("class_name");
  const std::vector<size_t> corner{table.column("x_min"), table.column("y_min"), table.column("x_max"), table.column("y_max")};
  Boxes boxes;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const data::CsvRow& row = table.rows()[i];
    if (row.cells[corner[0]].empty()) continue;  // VinDr's images without a finding
    std::vector<float> n;
    n.reserve(corner.size());
    for (const size_t j : corner) n.push_back(data::read_number(table, row, j, mistakes));
    if (n[2] <= n[0] || n[3] <= n[1]) mistakes.add(row.line, "a box without width or height");
    boxes[without_ending(row.cells[image])].push_back({row.cells[finding], n[0], n[1], n[2] - n[0], n[3] - n[1]});
  }
  mistakes.throw_if_any();
  return boxes;
}

// The boxes whose name is the end of this path: the longest such name.
const std::vector<data::Box>* boxes_of(const Boxes& boxes, const std::filesystem::path& file) {
  std::string name = without_ending(file.lexically_normal().generic_string());
  while (true) {
    const auto at = boxes.find(name);
    if (at != boxes.end()) return &at->second;
    const size_t slash = name.find('/');
    if (slash == std::string::npos) return nullptr;
    name.erase(0, slash + 1);
  }
}

}  // namespace

std::vector<ExplainInput> explain_inputs(const Flags& flags, const std::vector<std::string>& classes) {
  std::vector<ExplainInput> inputs;
  if (is_table(flags.positionals())) {
    inputs = of_table(flags, classes);
  } else {
    for (const char* flag : {"root", "split"})
      if (flags.given(flag)) throw Error(Fault::input, str("--", flag, " goes with a table of images (CSV)"));
    for (const auto& file : files_of(flags.positionals())) inputs.push_back({file, {}});
  }
  if (!flags.given("boxes")) return inputs;
  const Boxes boxes = read_boxes(flags.text("boxes"));
  size_t found = 0;
  for (ExplainInput& input : inputs) {
    const auto* truth = boxes_of(boxes, input.file);
    if (truth == nullptr) continue;
    input.truth = *truth;
    ++found;
  }
  if (found == 0 && !boxes.empty())
    throw Error(Fault::input, str(flags.text("boxes"), ": none of its images is among those to explain"),
                str("its first image is ", boxes.begin()->first));
  return inputs;
}

}  // namespace thorax
