// The flags by which the verbs are told about a table of images: the same for all of them.
#pragma once

#include "apps/flags.h"
#include "data/manifest.h"
#include "data/preprocess.h"

namespace thorax {

// first, then those about the table (--root, --labels, ...), then rest. --data is not among them.
std::vector<Flag> with_data_flags(std::vector<Flag> first, const std::vector<Flag>& rest);
// Their names, and "data".
std::vector<std::string> data_flag_names();

// Throws Error(input) for a value that is none.
data::ManifestOptions manifest_options(const Flags& flags, const std::filesystem::path& table);

// Of --size, --fit and --no-equalize.
data::Recipe recipe_of(const Flags& flags);

}  // namespace thorax
