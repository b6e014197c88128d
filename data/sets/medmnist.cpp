#include <algorithm>
#include <array>

#include "data/image_archive.h"
#include "data/sets/readers.h"
#include "data/zip.h"

namespace thorax::data {

namespace {

// Yang et al., "MedMNIST v2", Scientific Data 2023: the order of ChestMNIST's columns.
const std::vector<std::string> chest{"atelectasis", "cardiomegaly", "effusion",     "infiltration",  "mass",
                                     "nodule",      "pneumonia",    "pneumothorax", "consolidation", "edema",
                                     "emphysema",   "fibrosis",     "pleural",      "hernia"};

struct Labels {
  int64_t images;
  int64_t columns;
  NpyArray array;
  int64_t at(int64_t image, int64_t column) const { return array.at(image * columns + column); }
};

Labels read_labels(const Zip& zip, const std::string& split, const std::string& where) {
  Labels labels{0, 1, parse_npy(zip.read(split + "_labels.npy"), str(where, ": ", split, "_labels"))};
  labels.images = labels.array.shape[0];
  if (labels.array.shape.size() == 2) labels.columns = labels.array.shape[1];
  if (labels.array.shape.size() > 2 || labels.columns < 1 || labels.columns > 4096)
    throw Error(Fault::input, str(where, ": ", split, "_labels: of shape (N, C) is expected"));
  return labels;
}

// The name of a set says what its columns are; a column of more than two values is one class for each value.
std::vector<std::string> classes_of(const std::string& name, int64_t columns, int64_t highest) {
  if (columns == 1 && highest > 1) {
    std::vector<std::string> classes;
    for (int64_t i = 0; i <= highest; ++i) classes.push_back(str("class ", i));
    return classes;
  }
  if (columns == 14) return chest;
  if (columns == 1) return {name.rfind("pneumoniamnist", 0) == 0 ? "pneumonia" : "label 1"};
  std::vector<std::string> classes;
  for (int64_t i = 0; i < columns; ++i) classes.push_back(str("label ", i));
  return classes;
}

}  // namespace

void read_medmnist(const ManifestOptions& options, Manifest& manifest) {
  const std::string where = options.table.string();
  const Zip zip(options.table);
  auto archive = std::make_shared<ImageArchive>();
  std::vector<Labels> labels;
  int64_t highest = 0;
  constexpr std::array<Split, 3> splits{Split::train, Split::val, Split::test};
  for (Split split : splits) {
    const std::string name = name_of(split);
    labels.push_back(read_labels(zip, name, where));
    const Labels& l = labels.back();
    const int64_t before = archive->images();
    archive->add(parse_npy(zip.read(name + "_images.npy"), str(where, ": ", name, "_images")), str(where, ": ", name, "_images"));
    if (archive->images() - before != l.images || l.columns != labels[0].columns)
      throw Error(Fault::input, str(where, ": ", name, ": ", archive->images() - before, " images, but ", l.images, " labels of ",
                                    l.columns, " columns"));
    for (int64_t i = 0; i < l.array.count(); ++i) {
      const int64_t value = l.array.at(i);
      if (value < 0 || value > (l.columns == 1 ? 1000 : 1))
        throw Error(Fault::input, str(where, ": ", name, "_labels: image ", i / l.columns, " has the label ", value));
      highest = std::max(highest, value);
    }
  }
  const std::vector<std::string> all = classes_of(lower_case(options.table.filename().string()), labels[0].columns, highest);
  manifest.set = "MedMNIST";
  manifest.classes = options.labels.empty() ? all : options.labels;
  std::vector<size_t> columns;
  for (const std::string& name : manifest.classes) {
    const auto it = std::find(all.begin(), all.end(), name);
    if (it == all.end()) throw Error(Fault::input, str(where, ": no class is named ", quoted(name)));
    columns.push_back(static_cast<size_t>(it - all.begin()));
  }
  for (size_t s = 0; s < splits.size(); ++s) {
    for (int64_t i = 0; i < labels[s].images; ++i) {
      Row row;
      row.file = options.table;
      row.member = static_cast<int64_t>(manifest.rows.size());
      row.image = row.patient = str(name_of(splits[s]), '/', i);
      row.split = splits[s];
      for (size_t column : columns) {
        const bool one_hot = labels[s].columns == 1 && all.size() > 1;
        const int64_t value = labels[s].at(i, one_hot ? 0 : static_cast<int64_t>(column));
        row.labels.push_back((one_hot ? value == static_cast<int64_t>(column) : value == 1) ? 1.0F : 0.0F);
      }
      manifest.rows.push_back(std::move(row));
    }
  }
  if (manifest.rows.empty()) throw Error(Fault::input, where + ": no image is in it");
  manifest.archive = std::move(archive);
}

}  // namespace thorax::data
