#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "apps/bench.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

namespace {

struct Measured {
  std::string name, engine;
  double median = 0, low = 0, high = 0;
};

double number_of(const Json& object, const char* key, const std::string& file) {
  const Json* found = object.find(key);
  const auto value = found == nullptr ? std::nullopt : found->number();
  if (!value || !(*value > 0)) throw Error(Fault::input, str(file, ": a result without a positive number \"", key, '"'));
  return *value;
}

std::string text_of(const Json& object, const char* key, const std::string& file) {
  const Json* found = object.find(key);
  if (found == nullptr || found->kind != Json::Kind::string)
    throw Error(Fault::input, str(file, ": a result without a string \"", key, '"'));
  return found->text;
}

// Those that were timed: a wrong kernel has no times.
std::vector<Measured> read_results(const std::string& json, const std::string& file) {
  const Json all = parse_json(json, file);
  const Json* results = all.find("results");
  if (results == nullptr || results->kind != Json::Kind::array)
    throw Error(Fault::input, str(file, ": no list \"results\""),
                "thorax bench kernels and bench step write such files with --json");
  std::vector<Measured> list;
  for (const Json& r : results->items) {
    if (r.find("median_s") == nullptr) continue;
    list.push_back({text_of(r, "name", file), text_of(r, "engine", file), number_of(r, "median_s", file),
                    number_of(r, "low_s", file), number_of(r, "high_s", file)});
  }
  return list;
}

bool has(const std::vector<Measured>& list, const Measured& like) {
  return std::any_of(list.begin(), list.end(), [&](const Measured& m) { return m.name == like.name && m.engine == like.engine; });
}

std::string line_of(const Measured& a, const Measured& b) {
  const bool apart = a.high < b.low || b.high < a.low;
  std::array<char, 96> numbers{};
  std::snprintf(numbers.data(), numbers.size(), "%12.3f %12.3f  %8.3f%s  ", a.median * 1e3, b.median * 1e3, b.median / a.median,
                apart ? " " : "~");
  return str(numbers.data(), a.name, ": ", a.engine == b.engine ? a.engine : str(a.engine, " | ", b.engine), '\n');
}

}  // namespace

std::string comparison_table(const std::string& a_json, const std::string& a_name, const std::string& b_json,
                             const std::string& b_name) {
  const std::vector<Measured> a = read_results(a_json, a_name), b = read_results(b_json, b_name);
  std::string lines;
  int64_t pairs = 0;
  double logs = 0;
  for (const Measured& x : a) {
    for (const Measured& y : b) {
      // The same engine in both files; engines beside each other only where there is no such pair.
      if (x.name != y.name || (x.engine != y.engine && (has(b, x) || has(a, y)))) continue;
      lines += line_of(x, y);
      logs += std::log(y.median / x.median);
      ++pairs;
    }
  }
  if (pairs == 0) throw Error(Fault::input, str(a_name, " and ", b_name, " have no measurement in common"));
  std::array<char, 96> mean{};
  std::snprintf(mean.data(), mean.size(), "%25s  %8.3f   geometric mean of %lld\n", "",
                std::exp(logs / static_cast<double>(pairs)), static_cast<long long>(pairs));
  return str("        A ms         B ms       B/A   A: ", a_name, ", B: ", b_name, "; ~: their quartiles overlap\n", lines,
             mean.data());
}

int bench_compare(const std::vector<std::string>& files) {
  if (files.size() != 2)
    throw Error(Fault::input, "bench compare: two files are expected", "thorax bench compare before.json after.json");
  const std::string a(MappedFile(files[0]).text()), b(MappedFile(files[1]).text());
  std::fputs(comparison_table(a, files[0], b, files[1]).c_str(), stdout);
  return 0;
}

}  // namespace thorax
