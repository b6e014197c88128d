// One kernel at one size: a line "batch_norm_relu n=8 c=64 of=256 h=128 w=128" of a problem list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"

namespace thorax::bench {

struct Problem {
  std::string kernel;
  std::map<std::string, int64_t> sizes;
  DType dtype = DType::f32;  // of the activations

  // Throws Error(input) when the line does not say.
  int64_t operator[](const std::string& size) const;
  int64_t get(const std::string& size, int64_t otherwise) const;
  std::string text() const;  // "n=8 c=64 ..."
};

// Lines of a kernel and its sizes; # begins a comment. where: the list's name, for errors. Throws Error(input) with the line.
std::vector<Problem> parse_problems(std::string_view text, const std::string& where);
// "n=8,c=64": sizes that replace those of the list.
std::map<std::string, int64_t> parse_sizes(const std::string& text);

// A list that is part of the program: bench/problems/NAME.txt.
struct ProblemList {
  const char* name;
  const char* text;
};
const std::vector<ProblemList>& problem_lists();

}  // namespace thorax::bench
