#include "data/sets/boxes.h"

#include <algorithm>

#include "data/sets/data_set.h"
#include "data/sets/image_index.h"

namespace thorax::data {

namespace {

constexpr const char* lung_opacity = "Lung Opacity";
constexpr const char* nih_first = "Bbox [x";  // the heading "Bbox [x,y,w,h]" holds commas and is four columns

}  // namespace

BoxColumns::BoxColumns(const Table& table) : table_(table) {
  if (table.has({"class_name", "x_min", "y_min", "x_max", "y_max"}) && (table.find("image") || table.find("image_id"))) {
    image_ = table.column(table.find("image") ? "image" : "image_id");
    finding_ = table.column("class_name");
    numbers_ = {table.column("x_min"), table.column("y_min"), table.column("x_max"), table.column("y_max")};
    corners_ = true;
  } else if (table.has({"Image Index", "Finding Label", nih_first}) && table.column(nih_first) + 3 < table.columns().size()) {
    image_ = table.column("Image Index");
    finding_ = table.column("Finding Label");
    const size_t x = table.column(nih_first);
    numbers_ = {x, x + 1, x + 2, x + 3};
  } else if (table.has({"patientId", "x", "y", "width", "height"})) {
    image_ = table.column("patientId");
    numbers_ = {table.column("x"), table.column("y"), table.column("width"), table.column("height")};
  } else {
    throw Error(Fault::input, str(table.name(), ": no table of boxes; its columns are ", listed(table.columns())),
                "image (or image_id), class_name, x_min, y_min, x_max, y_max are expected, or NIH's Image Index, Finding Label, "
                "Bbox [x,y,w,h], or RSNA's patientId, x, y, width, height");
  }
}

std::optional<Box> BoxColumns::read(const CsvRow& row, Mistakes& mistakes) const {
  if (std::all_of(numbers_.begin(), numbers_.end(), [&](size_t c) { return trimmed(row.cells[c]).empty(); })) return std::nullopt;
  std::array<float, 4> n{};
  for (size_t j = 0; j < n.size(); ++j) n[j] = read_number(table_, row, numbers_[j], mistakes);
  std::string name = finding_ ? trimmed(row.cells[*finding_]) : lung_opacity;
  if (name == "Infiltrate") name = "Infiltration";  // NIH's list of boxes spells this class otherwise than its table of labels
  if (corners_) return Box{std::move(name), n[0], n[1], n[2] - n[0], n[3] - n[1]};
  return Box{std::move(name), n[0], n[1], n[2], n[3]};
}

BoxTable read_boxes(const std::filesystem::path& file) {
  Mistakes mistakes(file.filename().string());
  const Table table(file, mistakes);
  const BoxColumns columns(table);
  BoxTable boxes;
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const CsvRow& row = table.rows()[i];
    std::optional<Box> box = columns.read(row, mistakes);
    if (!box) continue;
    if (!(box->width > 0 && box->height > 0)) mistakes.add(row.line, "a box without width or height");
    boxes[columns.image_of(row)].push_back(std::move(*box));
  }
  mistakes.throw_if_any();
  return boxes;
}

std::string without_image_ending(const std::string& name) {
  return is_image_name(name) ? std::filesystem::path(name).replace_extension().generic_string() : name;
}

BoxesByName::BoxesByName(const BoxTable& boxes) {
  for (const auto& [image, list] : boxes) {
    std::vector<Box>& to = boxes_[without_image_ending(image)];
    to.insert(to.end(), list.begin(), list.end());
  }
}

const std::vector<Box>* BoxesByName::of(const std::filesystem::path& file) const {
  std::string name = without_image_ending(file.lexically_normal().generic_string());
  while (true) {
    const auto at = boxes_.find(name);
    if (at != boxes_.end()) return &at->second;
    const size_t slash = name.find('/');
    if (slash == std::string::npos) return nullptr;
    name.erase(0, slash + 1);
  }
}

}  // namespace thorax::data
