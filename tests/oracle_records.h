// Reads an oracle file that a script of tools/ made: lines of a key and numbers, grouped behind lines "case NAME"; # is a
// comment.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace thorax::test {

struct OracleCase {
  std::string name;
  std::map<std::string, std::vector<double>> numbers;  // a key that comes again goes on
  const std::vector<double>& all(const std::string& key) const { return numbers.at(key); }
  double one(const std::string& key, size_t i = 0) const { return numbers.at(key).at(i); }
  template <class T>
  std::vector<T> as(const std::string& key) const {
    std::vector<T> result;
    for (const double number : numbers.at(key)) result.push_back(static_cast<T>(number));
    return result;
  }
  std::vector<float> scores() const { return as<float>("scores"); }
  std::vector<uint8_t> labels() const { return as<uint8_t>("labels"); }
};

// path: within the project.
inline std::vector<OracleCase> read_oracle_cases(const std::string& path) {
  std::ifstream file(std::string(THORAX_SOURCE_DIR) + "/" + path);
  std::vector<OracleCase> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    std::string key, word;
    words >> key;
    if (key == "case") {
      words >> word;
      cases.push_back({word, {}});
      continue;
    }
    std::vector<double>& to = cases.at(cases.size() - 1).numbers[key];
    while (words >> word) to.push_back(std::strtod(word.c_str(), nullptr));  // which knows nan
  }
  REQUIRE(!cases.empty());
  return cases;
}

}  // namespace thorax::test
