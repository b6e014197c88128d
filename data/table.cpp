#include "data/table.h"

#include <algorithm>

namespace thorax::data {

Table::Table(std::filesystem::path file, Mistakes& mistakes) : file_(std::move(file)), all_(read_csv(file_, mistakes)) {
  if (all_.size() < 2) {
    mistakes.throw_if_any();
    throw Error(Fault::input, str(name(), ": a header and at least one image are expected"));
  }
  for (size_t i = 0; i < columns().size(); ++i) {
    const auto before = columns().begin() + static_cast<std::ptrdiff_t>(i);
    if (!columns()[i].empty() && std::find(columns().begin(), before, columns()[i]) != before)
      mistakes.add(all_[0].line, "two columns are named ", quoted(columns()[i]));
  }
}

std::optional<size_t> Table::find(std::string_view column) const {
  const auto it = std::find(columns().begin(), columns().end(), column);
  if (column.empty() || it == columns().end()) return std::nullopt;
  return static_cast<size_t>(it - columns().begin());
}

bool Table::has(std::initializer_list<std::string_view> names) const {
  return std::all_of(names.begin(), names.end(), [&](std::string_view n) { return find(n).has_value(); });
}

size_t Table::column(const std::string& wanted) const {
  if (const auto found = find(wanted)) return *found;
  throw Error(Fault::input, str(name(), ": no column is named ", quoted(wanted)), "the columns are: " + listed(columns()));
}

}  // namespace thorax::data
