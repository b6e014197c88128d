// The tables of the paper as one page of Markdown, its own figures beside ours where the classes are the same.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/paper_tables.h"

namespace thorax {

// table: 2, 3, 5 or 6; the lines of all seeds. settings: sentences about how the models were trained.
std::string paper_page(const data::Manifest& manifest, const std::map<int, std::vector<MeasuredLine>>& tables,
                       const std::string& settings);

// "0.683 (0.660-0.705)" for one estimate with an interval; "0.683 ± 0.012", mean and standard deviation, for several; "-" where
// one is undefined.
std::string over_seeds(const std::vector<std::optional<metrics::Estimate>>& estimates);

}  // namespace thorax
