// metrics.jsonl: what a training measured, one JSON object a line.
//
// A process that is killed leaves at most one torn line, the last, which the next Journal cuts off. Lines are never rewritten:
// a resumed training first writes {"resumed_step":n}, and the reader then drops the earlier lines whose "step" lies beyond n,
// since they are written once more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/file.h"

namespace thorax {

struct JournalRecord {
  using Value = std::variant<double, std::string, std::vector<double>>;
  std::vector<std::pair<std::string, Value>> fields;  // in the order of the line; NaN is written as null

  JournalRecord& add(std::string key, double value);
  JournalRecord& add(std::string key, std::string_view value);
  JournalRecord& add(std::string key, std::vector<double> values);

  const Value* find(std::string_view key) const;
  // Throw Fault::input when the key is missing or of another kind.
  double number(std::string_view key) const;
  const std::string& text(std::string_view key) const;
  const std::vector<double>& numbers(std::string_view key) const;
};

class Journal {
 public:
  // Makes the file or goes on with it. resumed_step: the "step" (batches done) at which the training goes on.
  explicit Journal(std::filesystem::path path, std::optional<int64_t> resumed_step = std::nullopt);
  void append(const JournalRecord& record);
  // To be called before the state of the same step is saved: the journal then never lacks what a state has behind it.
  void sync() { file_.sync(); }

 private:
  AppendFile file_;
};

// The lines that hold, in order. An unterminated last line is left out; any other line that is not a record is an error
// (Fault::input, with its number).
std::vector<JournalRecord> read_journal(const std::filesystem::path& path);

}  // namespace thorax
