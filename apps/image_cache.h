// Where caches of preprocessed images lie, and the one that fits a run.
#pragma once

#include "apps/flags.h"
#include "data/cache.h"

namespace thorax {

// For the flags of a verb that uses or makes one.
Flag cache_flag();

// --cache DIR, else $XDG_CACHE_HOME/thorax, else ~/.cache/thorax. Empty: none is wanted (--cache none), or there is no such
// place.
std::filesystem::path cache_folder(const Flags& flags);

// The cache of this table, with what of it can be used; nullptr without one. line: for a person, what was found; empty: nothing.
std::shared_ptr<const data::CachedImages> find_cache(const std::filesystem::path& folder, const std::filesystem::path& table,
                                                     const data::Manifest& manifest, const data::Recipe& recipe, int threads,
                                                     std::string& line);

}  // namespace thorax
