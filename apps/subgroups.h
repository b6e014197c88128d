// The images of a table divided by one of its columns: sex, view, site, bands of age.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/manifest.h"

namespace thorax {

struct Subgroup {
  std::string name;           // as in the table; a band: "5-9"; "not known" where the cell is empty
  std::vector<size_t> order;  // indices into the rows
};

// The groups of these rows, in the order of their names (of bands: of the numbers), those not known last. A column of numbers
// with more than ten different values is divided into bands: limits a < b < ... make "below a", "a to below b", ..., "b and
// more". An age may be written as DICOM does: 034Y, 006M, 02W, 010D. age, sex and
// view are also those of the DICOM files (data/dicom_rows.h), where the table has no such column or empty cells. Throws
// Error(input) when there is no such column.
std::vector<Subgroup> subgroups(const std::filesystem::path& table, const data::Manifest& manifest,
                                const std::vector<size_t>& rows, const std::string& column, const std::vector<double>& limits);

// The same for cells that are at hand, one for each row.
std::vector<Subgroup> grouped(const std::vector<std::string>& cells, const std::vector<double>& limits);

// "1,5,10" as ascending numbers. Throws Error(input) that names the flag.
std::vector<double> band_limits(const std::vector<std::string>& texts);

}  // namespace thorax
