// The images that a trained model is measured on: the table of its run, or another, and the flags that say so.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "data/manifest.h"
#include "metrics/bootstrap.h"

namespace thorax {

// Flags of the verbs that measure: which images, how they are run through the model, how the bootstrap draws.
std::vector<Flag> measuring_flags();

// The table as the flags name it, with these classes as labels; where they name none, the run's own with its split.
// Throws Error(input) when there is neither.
data::Manifest table_of(const Flags& flags, const std::filesystem::path& run, const std::vector<std::string>& classes);
// The run's own table, whatever --data names; where it names none, what the other flags say about the table wins.
data::Manifest own_table(const Flags& flags, const std::filesystem::path& run, const std::vector<std::string>& classes);

// Rows of the split "train", "val", "test" or "all". Throws Error(input) when there is none.
std::vector<size_t> rows_of(const data::Manifest& manifest, const std::string& split);

// Runs whose own training images are among these rows are named on stderr (their figures flatter), and those whose own table
// cannot be read.
void warn_of_training_images(const Flags& flags, const std::vector<std::string>& runs, const data::Manifest& manifest,
                             const std::vector<size_t>& rows, const std::vector<std::string>& classes);

metrics::BootstrapOptions bootstrap_options(const Flags& flags, const data::Manifest& manifest, const std::vector<size_t>& rows);
// "by image", "by patient, stratified by labels, BCa".
std::string resampling_text(const metrics::BootstrapOptions& options);

// How many patients these rows are of; nullopt where the table does not tell.
std::optional<int64_t> patients_of(const data::Manifest& manifest, const std::vector<size_t>& rows);

}  // namespace thorax
