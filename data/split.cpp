#include "data/split.h"

#include <array>
#include <map>
#include <unordered_map>

#include "data/csv.h"
#include "data/streams.h"

namespace thorax::data {

namespace {

constexpr std::array<Split, 3> splits{Split::train, Split::val, Split::test};
constexpr std::array<double, 3> shares{0.70, 0.15, 0.15};

}  // namespace

void split_by_patient(Manifest& manifest, uint64_t seed) {
  std::map<std::string, std::vector<size_t>> images;  // sorted, so that the order of the table does not matter
  for (size_t i = 0; i < manifest.rows.size(); ++i) images[manifest.rows[i].patient].push_back(i);
  if (images.size() < 3) throw Error(Fault::input, str("a split needs three patients at least, there are ", images.size()));
  std::vector<const std::vector<size_t>*> order;
  for (const auto& [patient, rows] : images) order.push_back(&rows);
  shuffle(order, Rng(seed, stream(Purpose::split)));
  const auto all = static_cast<double>(manifest.rows.size());
  std::array<double, 3> have{};
  for (size_t p = 0; p < order.size(); ++p) {
    size_t empty = 0;
    for (double h : have) empty += h == 0 ? 1 : 0;
    const bool last_chance = order.size() - p == empty;
    // To the split that lacks most images; no split stays without a patient.
    size_t to = 3;
    for (size_t s = 0; s < 3; ++s) {
      if (last_chance && have[s] > 0) continue;
      if (to == 3 || shares[s] * all - have[s] > shares[to] * all - have[to]) to = s;
    }
    have[to] += static_cast<double>(order[p]->size());
    for (size_t row : *order[p]) manifest.rows[row].split = splits[to];
  }
}

std::string split_csv(const Manifest& manifest) {
  std::string text = "image,patient,split\n";
  for (const Row& row : manifest.rows)
    text += csv_text(row.image) + ',' + csv_text(row.patient) + ',' + name_of(row.split) + '\n';
  return text;
}

void apply_split_csv(Manifest& manifest, const std::filesystem::path& file) {
  Mistakes mistakes(file.filename().string());
  const std::vector<CsvRow> rows = read_csv(file, mistakes);
  mistakes.throw_if_any();
  if (rows.empty() || rows[0].cells != std::vector<std::string>{"image", "patient", "split"}) {
    throw Error(Fault::input, str(file.string(), ": line 1: the columns image,patient,split are expected"));
  }
  std::unordered_map<std::string, Split> found;
  for (size_t i = 1; i < rows.size(); ++i) {
    for (Split s : splits) {
      if (rows[i].cells[2] == name_of(s)) found[rows[i].cells[0]] = s;
    }
  }
  for (Row& row : manifest.rows) {
    const auto it = found.find(row.image);
    if (it == found.end())
      throw Error(Fault::input, str(file.string(), ": has no split for the image ",
                                    row.line > 0 ? str("of line ", row.line, " of the table") : row.image));
    row.split = it->second;
  }
  manifest.has_split = true;
}

}  // namespace thorax::data
