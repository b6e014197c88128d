#include "apps/subgroups.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "data/csv.h"

namespace thorax {

namespace {

constexpr size_t most_values = 10;  // of numbers that are groups by themselves
constexpr const char* not_known = "not known";

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc()) return std::nullopt;
  if (parsed.ptr == end) return value;
  if (parsed.ptr + 1 != end) return std::nullopt;
  switch (*parsed.ptr) {  // DICOM's age strings, in years
    case 'Y': return value;
    case 'M': return value / 12;
    case 'W': return value * 7 / 365.25;
    case 'D': return value / 365.25;
    default: return std::nullopt;
  }
}

std::string limit_text(double limit) {
  std::ostringstream out;
  out << limit;
  return out.str();
}

std::string band_name(const std::vector<double>& limits, size_t band) {
  if (limits.empty()) return "all";
  if (band == 0) return "below " + limit_text(limits[0]);
  if (band == limits.size()) return limit_text(limits.back()) + " and more";
  return limit_text(limits[band - 1]) + " to below " + limit_text(limits[band]);
}

// What is known of a row under the name of this column, from the table or else from the DICOM file; nullopt: no such name.
std::optional<std::string> known_of(const data::Row& row, const std::string& column) {
  const std::string name = data::lower_case(column);
  if (name == "view") return row.view;
  if (name == "sex") return row.sex == '?' ? "" : std::string(1, row.sex);
  if (name == "age") return std::isnan(row.age) ? "" : limit_text(static_cast<double>(row.age));
  return std::nullopt;
}

// The cells of the column for these rows. Throws Error(input) when the table has no such column.
std::vector<std::string> table_cells(const std::filesystem::path& table, const data::Manifest& manifest,
                                     const std::vector<size_t>& rows, const std::string& column) {
  data::Mistakes mistakes(table.string());
  const std::vector<data::CsvRow> csv = data::read_csv(table, mistakes);
  mistakes.throw_if_any();
  const auto& header = csv.at(0).cells;
  const auto at = std::find(header.begin(), header.end(), column);
  if (at == header.end()) {
    throw Error(Fault::input, str(table.string(), ": no column is called ", data::quoted(column)),
                "the columns are " + data::listed(header));
  }
  std::map<int64_t, const std::string*> by_line;
  for (const data::CsvRow& row : csv) by_line[row.line] = &row.cells[static_cast<size_t>(at - header.begin())];
  std::vector<std::string> cells;
  cells.reserve(rows.size());
  for (const size_t row : rows) cells.push_back(*by_line.at(manifest.rows[row].line));
  return cells;
}

// The cells, or where the table has not all of them what is known of the rows: of one spelling, F and not Female.
std::vector<std::string> cells_of(const std::filesystem::path& table, const data::Manifest& manifest,
                                  const std::vector<size_t>& rows, const std::string& column) {
  std::vector<std::string> known;
  known.reserve(rows.size());
  for (const size_t row : rows) known.push_back(known_of(manifest.rows[row], column).value_or(""));
  const bool any = std::any_of(known.begin(), known.end(), [](const std::string& k) { return !k.empty(); });
  std::vector<std::string> cells;
  try {
    cells = table_cells(table, manifest, rows, column);
  } catch (const Error& error) {
    if (!any || error.fault() != Fault::input) throw;
    return known;
  }
  bool better = false;
  for (size_t i = 0; i < cells.size(); ++i) better = better || (cells[i].empty() && !known[i].empty());
  for (size_t i = 0; better && i < cells.size(); ++i) {
    if (!known[i].empty()) cells[i] = known[i];
  }
  return cells;
}

}  // namespace

std::vector<Subgroup> subgroups(const std::filesystem::path& table, const data::Manifest& manifest,
                                const std::vector<size_t>& rows, const std::string& column, const std::vector<double>& limits) {
  return grouped(cells_of(table, manifest, rows, column), limits);
}

std::vector<Subgroup> grouped(const std::vector<std::string>& cells, const std::vector<double>& limits) {
  const std::set<std::string> values(cells.begin(), cells.end());
  const bool numbers = std::all_of(values.begin(), values.end(), [](const std::string& v) { return v.empty() || number_of(v); });
  const bool bands = numbers && values.size() > most_values;
  std::map<std::pair<double, std::string>, std::vector<size_t>> groups;  // by place, then by name
  for (size_t i = 0; i < cells.size(); ++i) {
    const double number = numbers ? number_of(cells[i]).value_or(0) : 0;
    if (cells[i].empty()) {
      groups[{1e300, not_known}].push_back(i);
    } else if (bands) {
      const auto band = static_cast<size_t>(std::upper_bound(limits.begin(), limits.end(), number) - limits.begin());
      groups[{static_cast<double>(band), band_name(limits, band)}].push_back(i);
    } else {
      groups[{number, cells[i]}].push_back(i);
    }
  }
  std::vector<Subgroup> result;
  result.reserve(groups.size());
  for (auto& [key, order] : groups) result.push_back({key.second, std::move(order)});
  return result;
}

std::vector<double> band_limits(const std::vector<std::string>& texts) {
  std::vector<double> limits;
  for (const std::string& text : texts) {
    const std::optional<double> limit = number_of(text);
    if (!limit || (!limits.empty() && *limit <= limits.back()))
      throw Error(Fault::input, str("--bands: ", data::quoted(text), " is no number above the one before it"));
    limits.push_back(*limit);
  }
  return limits;
}

}  // namespace thorax
