// Reads tests/metrics/oracle.txt (made by tools/make_metrics_oracle.py).
#pragma once

#include "tests/oracle_records.h"

namespace thorax::test {

struct Oracle {
  std::vector<OracleCase> cases;
  std::vector<double> values;
  std::vector<std::pair<double, double>> percentiles;  // fraction, percentile of values
};

inline Oracle read_oracle() {
  Oracle oracle{read_oracle_cases("tests/metrics/oracle.txt"), {}, {}};
  REQUIRE(oracle.cases.size() == 4);
  const OracleCase& last = oracle.cases.back();
  oracle.values = last.all("values");
  const std::vector<double>& pairs = last.all("percentile");
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) oracle.percentiles.emplace_back(pairs[i], pairs[i + 1]);
  REQUIRE(oracle.percentiles.size() == 6);
  return oracle;
}

}  // namespace thorax::test
