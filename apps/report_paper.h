// The sections of a report about the folder of `thorax reproduce`: the paper's tables and figures 3 and 4 from its CSV files.
#pragma once

#include <filesystem>
#include <vector>

#include "apps/html.h"

namespace thorax {

bool is_paper_folder(const std::filesystem::path& folder);

// Of the tables that are there. Throws Error(input) when one of them is not as `thorax reproduce` writes it.
std::vector<HtmlSection> paper_sections(const std::filesystem::path& folder);

}  // namespace thorax
