#include "apps/cohort_table.h"

#include <cmath>
#include <numeric>

#include "apps/console.h"
#include "apps/printable.h"
#include "data/cohort.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

namespace {

constexpr size_t name_width = 24;
constexpr size_t cell_width = 14;

struct Part {
  std::string name;
  data::Cohort cohort;
};

std::vector<Part> parts_of(const data::Manifest& manifest) {
  std::vector<Part> parts;
  for (data::Split split : {data::Split::train, data::Split::val, data::Split::test, data::Split::none}) {
    const std::vector<size_t> rows = manifest.of(split);
    if (!rows.empty() && rows.size() < manifest.rows.size())
      parts.push_back({split == data::Split::none ? "no split" : data::name_of(split), data::cohort_of(manifest, rows)});
  }
  std::vector<size_t> all(manifest.rows.size());
  std::iota(all.begin(), all.end(), size_t{0});
  parts.push_back({"all", data::cohort_of(manifest, all)});
  return parts;
}

std::string with_share(double part, double whole) {
  std::string text = with_commas(static_cast<int64_t>(std::round(part)));
  if (whole > 0) text += " (" + fixed(100 * part / whole, 1) + "%)";
  return text;
}

std::string years(double age) {
  return age == std::floor(age) ? fixed(age, 0) : fixed(age, 1);
}

std::string line(const std::vector<std::string>& cells) {
  std::string text = padded(shortened(cells[0], name_width), name_width);
  for (size_t i = 1; i < cells.size(); ++i)
    text += std::string(cells[i].size() < cell_width ? cell_width - cells[i].size() : 1, ' ') + cells[i];
  return text + '\n';
}

template <class Cell>
std::vector<std::string> row_of(const std::string& name, const std::vector<Part>& parts, const Cell& cell) {
  std::vector<std::string> cells{name};
  for (const Part& part : parts) cells.push_back(cell(part.cohort));
  return cells;
}

std::string cohort_object(const data::Manifest& manifest, const data::Cohort& c) {
  std::string text = str("{\"images\": ", c.images, ", \"patients\": ", c.patients ? str(*c.patients) : "null");
  text += c.ages.known == 0 ? ", \"age\": null"
                            : str(", \"age\": {\"known\": ", c.ages.known, ", \"median\": ", json_number(c.ages.median),
                                  ", \"min\": ", json_number(c.ages.lowest), ", \"max\": ", json_number(c.ages.highest), "}");
  text += str(", \"female\": ", c.female, ", \"male\": ", c.male, ", \"labels\": [");
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    text += str(k == 0 ? "" : ", ", "{\"name\": ", json_quote(printable(manifest.classes[k])),
                ", \"positives\": ", json_number(c.labels.positives[k]), ", \"known\": ", c.labels.known[k],
                ", \"soft\": ", c.labels.soft[k], "}");
  }
  return text + "]}";
}

}  // namespace

CohortRows cohort_rows(const data::Manifest& manifest) {
  const std::vector<Part> parts = parts_of(manifest);
  const data::Cohort& all = parts.back().cohort;
  CohortRows rows;
  for (const Part& part : parts) rows.parts.push_back(part.name);
  const auto add = [&](const std::string& name, const auto& cell) { rows.known.push_back(row_of(name, parts, cell)); };
  add("images",
      [&](const data::Cohort& c) { return with_share(static_cast<double>(c.images), static_cast<double>(all.images)); });
  if (all.patients) add("patients", [](const data::Cohort& c) { return with_commas(*c.patients); });
  if (all.ages.known > 0) {
    add("age, median in years", [](const data::Cohort& c) { return c.ages.known > 0 ? years(c.ages.median) : "-"; });
    add("     range",
        [](const data::Cohort& c) { return c.ages.known > 0 ? years(c.ages.lowest) + '-' + years(c.ages.highest) : "-"; });
  }
  if (all.female + all.male > 0) {
    const auto of_both = [](int64_t part, const data::Cohort& c) {
      return with_share(static_cast<double>(part), static_cast<double>(c.female + c.male));
    };
    add("female", [&](const data::Cohort& c) { return of_both(c.female, c); });
    add("male", [&](const data::Cohort& c) { return of_both(c.male, c); });
  }
  for (size_t k = 0; k < manifest.classes.size(); ++k) {
    add(manifest.classes[k],
        [&](const data::Cohort& c) { return with_share(c.labels.positives[k], static_cast<double>(c.labels.known[k])); });
    if (all.labels.known[k] < all.images)
      rows.unknown.push_back(
          row_of(manifest.classes[k], parts, [&](const data::Cohort& c) { return with_commas(c.images - c.labels.known[k]); }));
  }
  return rows;
}

std::string cohort_table(const data::Manifest& manifest) {
  const CohortRows rows = cohort_rows(manifest);
  std::vector<std::string> names{""};
  names.insert(names.end(), rows.parts.begin(), rows.parts.end());
  std::string text = line(names);
  for (const auto& row : rows.known) text += line(row);
  if (!rows.unknown.empty()) text += "\nnot known (left out of the per cents above)\n";
  for (const auto& row : rows.unknown) text += line(row);
  return text;
}

std::string cohort_json(const data::Manifest& manifest) {
  std::string text = "{";
  for (const Part& part : parts_of(manifest))
    text += (text.size() > 1 ? ", " : "") + json_quote(part.name) + ": " + cohort_object(manifest, part.cohort);
  return text + '}';
}

}  // namespace thorax
