#include "apps/inspect_data_set.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "apps/cohort_table.h"
#include "apps/console.h"
#include "apps/data_flags.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "data/dicom_rows.h"
#include "data/survey.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

namespace {

constexpr size_t most_listed = 20;

// Everything that was found out.
struct Survey {
  data::Manifest manifest;
  std::vector<data::ImageFacts> facts;  // empty: images were not looked at
  std::vector<std::vector<size_t>> duplicates;
  std::vector<std::string> shared_patients;
  std::map<std::pair<int64_t, int64_t>, int64_t> sizes;  // width, height
};

Survey survey(const std::filesystem::path& path, const Flags& flags) {
  Survey s;
  s.manifest = data::read_manifest(manifest_options(flags, path));
  if (!flags.on("table-only")) data::take_from_dicom(s.manifest, threads_of(flags));
  const auto shared = s.manifest.patients_in_two_splits();
  if (s.manifest.has_patients) s.shared_patients.assign(shared.begin(), shared.end());
  if (flags.on("table-only")) return s;
  ProgressLine line("reading", static_cast<int64_t>(s.manifest.rows.size()));
  int64_t done = 0;
  s.facts = data::survey_images(s.manifest, threads_of(flags), [&] { line.update(++done, ""); });
  line.finish();
  s.duplicates = data::duplicates_of(s.facts);
  for (const data::ImageFacts& f : s.facts) {
    if (f.reason.empty() && f.width > 0) ++s.sizes[{f.width, f.height}];
  }
  return s;
}

int64_t in_two_splits(const Survey& s) {
  return std::count_if(s.duplicates.begin(), s.duplicates.end(), [&](const std::vector<size_t>& rows) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](size_t row) { return s.manifest.rows[row].split != s.manifest.rows[rows[0]].split; });
  });
}

int64_t unreadable_in(const Survey& s) {
  return std::count_if(s.facts.begin(), s.facts.end(), [](const data::ImageFacts& f) { return !f.reason.empty(); });
}

std::string number(int64_t n) {
  return with_commas(n);
}

// The classes that are shown: the most frequent ones where they are many, in the order of the table.
std::vector<size_t> frequent(const std::vector<std::vector<int64_t>>& counts) {
  constexpr size_t most = 16;
  std::vector<size_t> classes(counts.size());
  std::iota(classes.begin(), classes.end(), size_t{0});
  if (classes.size() <= most) return classes;
  std::stable_sort(classes.begin(), classes.end(), [&](size_t a, size_t b) { return counts[a][a] > counts[b][b]; });
  classes.resize(most);
  std::sort(classes.begin(), classes.end());
  return classes;
}

// Columns by number, six beside each other.
std::string together_table(const data::Manifest& manifest) {
  constexpr size_t name_width = 26;
  constexpr size_t cell_width = 8;
  constexpr size_t abreast = 6;
  const auto counts = data::co_occurrence(manifest);
  const std::vector<size_t> shown = frequent(counts);
  std::string text = "images with both labels";
  if (shown.size() < counts.size()) text += str(" (the ", shown.size(), " most frequent of ", counts.size(), ')');
  text += '\n';
  const auto right = [&](const std::string& cell) {
    return std::string(cell_width - std::min(cell_width, cell.size()), ' ') + cell;
  };
  for (size_t from = 0; from < shown.size(); from += abreast) {
    const size_t to = std::min(from + abreast, shown.size());
    text += std::string(name_width, ' ');
    for (size_t c = from; c < to; ++c) text += right(str(c + 1));
    text += '\n';
    for (size_t r = 0; r < shown.size(); ++r) {
      text += padded(shortened(str(r + 1, ' ', manifest.classes[shown[r]]), name_width), name_width);
      for (size_t c = from; c < to; ++c) text += right(number(counts[shown[r]][shown[c]]));
      text += '\n';
    }
  }
  return text;
}

std::string sizes_line(const Survey& s) {
  if (s.sizes.empty()) return "sizes       not known\n";
  std::vector<std::pair<int64_t, std::pair<int64_t, int64_t>>> by_count;
  for (const auto& [size, n] : s.sizes) by_count.push_back({n, size});
  std::stable_sort(by_count.begin(), by_count.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  constexpr size_t most = 4;
  std::string text = str("sizes       ", s.sizes.size(), s.sizes.size() == 1 ? " size: " : " sizes: ");
  for (size_t i = 0; i < std::min(most, by_count.size()); ++i) {
    const auto& [n, size] = by_count[i];
    text += str(i == 0 ? "" : ", ", size.first, 'x', size.second, " (", number(n), ')');
  }
  return text + (by_count.size() > most ? ", ...\n" : "\n");
}

std::string boxes_line(const data::Manifest& manifest) {
  int64_t boxes = 0;
  int64_t images = 0;
  for (const data::Row& row : manifest.rows) {
    boxes += std::ssize(row.boxes);
    images += row.boxes.empty() ? 0 : 1;
  }
  return boxes == 0 ? std::string() : str("boxes       ", number(boxes), " in ", number(images), " images\n");
}

std::string place_of(const data::Row& row) {
  return row.line > 0 ? str("line ", row.line, ": ") : std::string();
}

std::string duplicates_text(const Survey& s) {
  int64_t images = 0;
  for (const auto& rows : s.duplicates) images += std::ssize(rows);
  std::string text = str("duplicates  ", number(images), " images have a twin of the same bytes, in ",
                         number(std::ssize(s.duplicates)), " groups; ", number(in_two_splits(s)), " groups are in two splits\n");
  if (s.duplicates.empty()) text = "duplicates  none\n";
  for (size_t i = 0; i < std::min(most_listed, s.duplicates.size()); ++i) {
    text += "            ";
    for (size_t row : s.duplicates[i]) text += (row == s.duplicates[i][0] ? "" : " = ") + printable(s.manifest.rows[row].image);
    text += '\n';
  }
  if (s.duplicates.size() > most_listed) text += str("            and ", s.duplicates.size() - most_listed, " more\n");
  return text;
}

std::string unreadable_text(const Survey& s) {
  const int64_t all = unreadable_in(s);
  std::string text = str("unreadable  ", all == 0 ? "none" : number(all) + " images", '\n');
  int64_t listed = 0;
  for (size_t i = 0; i < s.facts.size() && listed < static_cast<int64_t>(most_listed); ++i) {
    if (s.facts[i].reason.empty()) continue;
    text += "            " + place_of(s.manifest.rows[i]) + printable(s.facts[i].reason) + '\n';
    ++listed;
  }
  return all > listed ? text + str("            and ", number(all - listed), " more\n") : text;
}

std::string splits_line(const Survey& s) {
  if (!s.manifest.has_patients) return "patients    are not named\n";
  if (!s.manifest.has_split) return "splits      none\n";
  return str("patients    ", s.shared_patients.empty() ? "none is" : number(std::ssize(s.shared_patients)) + " are",
             " in two splits\n");
}

std::string as_text(const std::filesystem::path& path, const Survey& s) {
  std::string text = str(printable(path.string()), ": ", s.manifest.set, "\n\n", cohort_table(s.manifest), '\n',
                         together_table(s.manifest), '\n', boxes_line(s.manifest), splits_line(s));
  if (!s.facts.empty()) text += sizes_line(s) + duplicates_text(s) + unreadable_text(s);
  for (const std::string& note : s.manifest.notes) text += "note        " + printable(note) + '\n';
  return text;
}

std::string quoted_list(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() > 1 ? ", " : "") + json_quote(printable(item));
  return text + ']';
}

std::string as_json(const std::filesystem::path& path, const Survey& s) {
  const data::Manifest& m = s.manifest;
  std::string together = "[";
  for (const auto& row : data::co_occurrence(m)) {
    together += together.size() > 1 ? ", [" : "[";
    for (size_t c = 0; c < row.size(); ++c) together += str(c == 0 ? "" : ", ", row[c]);
    together += ']';
  }
  std::string sizes = "[";
  for (const auto& [size, n] : s.sizes)
    sizes +=
        str(sizes.size() > 1 ? ", " : "", "{\"width\": ", size.first, ", \"height\": ", size.second, ", \"images\": ", n, '}');
  std::string duplicates = "[";
  for (const auto& rows : s.duplicates) {
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (const size_t row : rows) names.push_back(m.rows[row].image);
    duplicates += (duplicates.size() > 1 ? ", " : "") + quoted_list(names);
  }
  std::string unreadable = "[";
  for (size_t i = 0; i < s.facts.size(); ++i) {
    if (s.facts[i].reason.empty()) continue;
    unreadable += str(unreadable.size() > 1 ? ", " : "", "{\"image\": ", json_quote(printable(m.rows[i].image)),
                      ", \"line\": ", m.rows[i].line, ", \"reason\": ", json_quote(printable(s.facts[i].reason)), '}');
  }
  return str("{\"data\": ", json_quote(printable(path.string())), ", \"set\": ", json_quote(m.set),
             ", \"classes\": ", quoted_list(m.classes), ", \"cohorts\": ", cohort_json(m), ", \"together\": ", together,
             "], \"sizes\": ", sizes, "], \"duplicates\": ", duplicates, "], \"duplicates_in_two_splits\": ", in_two_splits(s),
             ", \"patients_in_two_splits\": ", quoted_list(s.shared_patients), ", \"unreadable\": ", unreadable,
             "], \"notes\": ", quoted_list(m.notes), "}\n");
}

}  // namespace

bool is_data_set(const std::filesystem::path& path) {
  std::error_code error;
  const std::string name = data::lower_case(path.filename().string());
  return std::filesystem::is_directory(path, error) || name.ends_with(".csv") || name.ends_with(".csv.gz") ||
         name.ends_with(".npz");
}

DataSetDescription describe_data_set(const std::filesystem::path& path, const Flags& flags) {
  const Survey s = survey(path, flags);
  return {flags.on("json") ? as_json(path, s) : as_text(path, s), unreadable_in(s)};
}

}  // namespace thorax
