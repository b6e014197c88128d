// Reads tests/metrics/oracle.txt (made by tools/make_metrics_oracle.py): one record a line, a key and numbers.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace thorax::test {

struct OracleCase {
  std::map<std::string, std::vector<double>> numbers;
  std::vector<float> scores() const { return as<float>("scores"); }
  std::vector<uint8_t> labels() const { return as<uint8_t>("labels"); }
  double one(const std::string& key, size_t i = 0) const { return numbers.at(key).at(i); }

 private:
  template <class T>
  std::vector<T> as(const std::string& key) const {
    std::vector<T> result;
    for (const double number : numbers.at(key)) result.push_back(static_cast<T>(number));
    return result;
  }
};

struct Oracle {
  std::vector<OracleCase> cases;
  std::vector<double> values;
  std::vector<std::pair<double, double>> percentiles;  // fraction, percentile of values
};

inline Oracle read_oracle() {
  std::ifstream file(std::string(THORAX_SOURCE_DIR) + "/tests/metrics/oracle.txt");
  Oracle oracle;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    std::string key;
    words >> key;
    std::vector<double> numbers;
    for (double number = 0; words >> number;) numbers.push_back(number);
    if (key == "case") oracle.cases.emplace_back();
    if (key == "values") {
      oracle.values = numbers;
    } else if (key == "percentile") {
      oracle.percentiles.emplace_back(numbers.at(0), numbers.at(1));
    } else {
      oracle.cases.back().numbers[key] = numbers;
    }
  }
  REQUIRE(oracle.cases.size() == 4);
  REQUIRE(oracle.percentiles.size() == 6);
  return oracle;
}

}  // namespace thorax::test
