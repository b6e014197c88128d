#include "apps/journal.h"

#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {
namespace {

constexpr std::string_view resumed_key = "resumed_step";
constexpr size_t max_line = size_t{1} << 20;

std::string line_of(const JournalRecord& record) {
  std::string line = "{";
  for (const auto& [key, value] : record.fields) {
    if (line.size() > 1) line += ',';
    line += json_quote(key) + ':';
    if (const auto* number = std::get_if<double>(&value)) {
      line += json_number(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      line += json_quote(*text);
    } else {
      const char* separator = "[";
      const auto& numbers = std::get<std::vector<double>>(value);
      for (const double x : numbers) {
        line += separator + json_number(x);
        separator = ",";
      }
      line += numbers.empty() ? "[]" : "]";
    }
  }
  return line + "}\n";
}

JournalRecord::Value value_of(const Json& json, const std::string& where) {
  const auto number = [&](const Json& item) {
    const auto x = item.number();
    if (!x) throw Error(Fault::input, str(where, ": neither number, text nor a list of numbers"));
    return *x;
  };
  if (json.kind == Json::Kind::string) return json.text;
  if (json.kind != Json::Kind::array) return number(json);
  std::vector<double> numbers;
  for (const Json& item : json.items) numbers.push_back(number(item));
  return numbers;
}

JournalRecord record_of(std::string_view line, const std::string& where) {
  if (line.size() > max_line) throw Error(Fault::input, str(where, ": longer than ", max_line, " bytes"));
  const Json json = parse_json(line, where, {.depth = 2});
  if (json.kind != Json::Kind::object) throw Error(Fault::input, str(where, ": not a JSON object"));
  JournalRecord record;
  for (size_t i = 0; i < json.keys.size(); ++i) record.fields.emplace_back(json.keys[i], value_of(json.items[i], where));
  return record;
}

template <class T>
const T& get(const JournalRecord& record, std::string_view key) {
  const auto* value = record.find(key);
  const T* content = value == nullptr ? nullptr : std::get_if<T>(value);
  if (content == nullptr) throw Error(Fault::input, str("metrics: a record has no \"", key, "\" of the kind that was expected"));
  return *content;
}

}  // namespace

JournalRecord& JournalRecord::add(std::string key, double value) {
  fields.emplace_back(std::move(key), value);
  return *this;
}

JournalRecord& JournalRecord::add(std::string key, std::string_view value) {
  fields.emplace_back(std::move(key), std::string(value));
  return *this;
}

JournalRecord& JournalRecord::add(std::string key, std::vector<double> values) {
  fields.emplace_back(std::move(key), std::move(values));
  return *this;
}

const JournalRecord::Value* JournalRecord::find(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return &value;
  }
  return nullptr;
}

double JournalRecord::number(std::string_view key) const {
  return get<double>(*this, key);
}
const std::string& JournalRecord::text(std::string_view key) const {
  return get<std::string>(*this, key);
}
const std::vector<double>& JournalRecord::numbers(std::string_view key) const {
  return get<std::vector<double>>(*this, key);
}

Journal::Journal(std::filesystem::path path, std::optional<int64_t> resumed_step) : file_(path) {
  const uint64_t whole = MappedFile(path).text().rfind('\n') + 1;  // npos + 1 is 0: no whole line
  if (whole < file_.size()) file_.truncate(whole);
  if (resumed_step) append(JournalRecord().add(std::string(resumed_key), static_cast<double>(*resumed_step)));
}

void Journal::append(const JournalRecord& record) {
  file_.append(line_of(record));
}

std::vector<JournalRecord> read_journal(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::string_view rest = file.text();
  std::vector<JournalRecord> records;
  size_t number = 0;
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    JournalRecord record = record_of(rest.substr(0, end), str(path.string(), ": line ", ++number));
    rest.remove_prefix(end + 1);
    if (record.find(resumed_key) == nullptr) {
      records.push_back(std::move(record));
      continue;
    }
    const double resumed = record.number(resumed_key);
    std::erase_if(records, [&](const JournalRecord& old) { return old.find("step") != nullptr && old.number("step") > resumed; });
  }
  return records;
}

}  // namespace thorax
