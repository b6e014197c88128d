#include "data/split.h"

#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "data/csv.h"
#include "data/stratify.h"

namespace thorax::data {

namespace {

constexpr std::array<Split, 3> splits{Split::train, Split::val, Split::test};

bool is_positive(float label) {
  return label >= 0.5F;
}

// Which classes have labels that are not known: there the negatives are to be shared out as well.
std::vector<bool> classes_with_unknown(const Manifest& manifest, const std::vector<size_t>& rows) {
  std::vector<bool> unknown(manifest.classes.size());
  for (size_t row : rows) {
    for (size_t k = 0; k < unknown.size(); ++k) unknown[k] = unknown[k] || std::isnan(manifest.rows[row].labels[k]);
  }
  return unknown;
}

}  // namespace

void split_by_patient(Manifest& manifest, const std::vector<size_t>& rows, const Fractions& fractions, uint64_t seed) {
  std::map<std::string, std::vector<size_t>> images;  // sorted, so that the order of the table does not matter
  for (size_t row : rows) images[manifest.rows[row].patient].push_back(row);
  const size_t classes = manifest.classes.size();
  const std::vector<bool> unknown = classes_with_unknown(manifest, rows);
  std::vector<std::vector<int64_t>> counts;
  for (const auto& [patient, mine] : images) {
    std::vector<int64_t> n(1 + 2 * classes);
    n[0] = std::ssize(mine);
    for (size_t row : mine) {
      for (size_t k = 0; k < classes; ++k) {
        const float label = manifest.rows[row].labels[k];
        n[1 + k] += is_positive(label) ? 1 : 0;
        n[1 + classes + k] += unknown[k] && label < 0.5F ? 1 : 0;
      }
    }
    counts.push_back(std::move(n));
  }
  const auto parts = stratify(counts, {fractions.begin(), fractions.end()}, seed);
  size_t patient = 0;
  for (const auto& [name, mine] : images) {
    for (size_t row : mine) manifest.rows[row].split = splits[parts[patient]];
    ++patient;
  }
}

void split_by_patient(Manifest& manifest, uint64_t seed) {
  std::vector<size_t> rows(manifest.rows.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  split_by_patient(manifest, rows, usual_fractions, seed);
}

ShareError largest_share_error(const Manifest& manifest, const std::vector<size_t>& rows, const Fractions& fractions) {
  ShareError largest;
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    std::array<int64_t, 3> n{};
    for (size_t row : rows) {
      for (size_t s = 0; s < 3; ++s)
        n[s] += manifest.rows[row].split == splits[s] && is_positive(manifest.rows[row].labels[k]) ? 1 : 0;
    }
    const int64_t all = n[0] + n[1] + n[2];
    for (size_t s = 0; all > 0 && s < 3; ++s) {
      const double share = static_cast<double>(n[s]) / static_cast<double>(all);
      const double error = std::abs(share - fractions[s]);
      if (error > largest.error) largest = {error, k, splits[s], share, all};
    }
  }
  return largest;
}

std::string split_csv(const Manifest& manifest) {
  std::string text = "image,patient,split\n";
  for (const Row& row : manifest.rows)
    text += csv_text(row.image) + ',' + csv_text(row.patient) + ',' + name_of(row.split) + '\n';
  return text;
}

void apply_split_csv(Manifest& manifest, const std::filesystem::path& file, Missing missing) {
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
  if (missing == Missing::leave_out) std::erase_if(manifest.rows, [&](const Row& row) { return !found.contains(row.image); });
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
