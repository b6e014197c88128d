// thorax bench kernels, step and compare: a file each.
#pragma once

#include <string>
#include <vector>

#include "apps/flags.h"

namespace thorax {

int bench_kernels(const Flags& flags);
int bench_step(Flags& flags);
// files: two of what the others wrote.
int bench_compare(const std::vector<std::string>& files);
// The table of it. a_name, b_name: the files, for the head and for errors. Throws Error(input) where nothing is in both.
std::string comparison_table(const std::string& a_json, const std::string& a_name, const std::string& b_json,
                             const std::string& b_name);

// --json FILE: writes it there, or to stdout for "-"; nothing where it was not given. results: objects.
void write_bench_json(const Flags& flags, const std::string& device, const std::string& ceilings,
                      const std::vector<std::string>& results);

}  // namespace thorax
