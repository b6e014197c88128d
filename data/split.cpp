#include "data/split.h"

#include <map>

#include "data/csv.h"
#include "tensor/error.h"
#include "tensor/rng.h"

namespace thorax::data {

void split_by_patient(Manifest& manifest, uint64_t seed) {
  std::map<std::string, std::vector<size_t>> images;  // sorted, so that the order of the table does not matter
  for (size_t i = 0; i < manifest.rows.size(); ++i) images[manifest.rows[i].patient].push_back(i);
  if (images.size() < 3) throw Error(Fault::input, str("a split needs three patients at least, there are ", images.size()));
  std::vector<const std::vector<size_t>*> order;
  for (const auto& [patient, rows] : images) order.push_back(&rows);
  constexpr uint64_t stream = 0x5EED;  // apart from the streams that are numbered by epoch
  shuffle(order, Rng(seed, stream));
  const auto all = static_cast<double>(manifest.rows.size());
  double done = 0;
  for (size_t p = 0; p < order.size(); ++p) {
    // Test and validation are filled first, and get a patient each whatever happens.
    const Split split = p == 0 || done < 0.15 * all ? Split::test : p == 1 || done < 0.30 * all ? Split::val : Split::train;
    for (size_t row : *order[p]) manifest.rows[row].split = split;
    done += static_cast<double>(order[p]->size());
  }
}

std::string split_csv(const Manifest& manifest) {
  std::string text = "image,patient,split\n";
  for (const Row& row : manifest.rows) text += csv_text(row.image) + ',' + csv_text(row.patient) + ',' + name_of(row.split) + '\n';
  return text;
}

void apply_split_csv(Manifest& manifest, const std::filesystem::path& file) {
  std::map<std::string, Split> splits;
  for (const CsvRow& row : read_csv(file)) {
    if (row.cells.size() != 3) throw Error(Fault::input, str(file.string(), ": line ", row.line, ": image, patient, split is expected"));
    for (Split s : {Split::train, Split::val, Split::test}) {
      if (row.cells[2] == name_of(s)) splits[row.cells[0]] = s;
    }
  }
  for (Row& row : manifest.rows) {
    const auto it = splits.find(row.image);
    if (it == splits.end()) throw Error(Fault::input, str(file.string(), ": has no split for the image of line ", row.line, " of the table"));
    row.split = it->second;
  }
  manifest.has_split = true;
}

}  // namespace thorax::data
