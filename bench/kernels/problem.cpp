#include "bench/kernels/problem.h"

#include <charconv>
#include <sstream>

#include "tensor/error.h"

namespace thorax::bench {

namespace {

// "c=64" into sizes; false: it is none.
bool read_size(const std::string& word, std::map<std::string, int64_t>& sizes) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  int64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data() + equals + 1, end, value);
  if (error != std::errc() || rest != end || value < 0 || value > (int64_t{1} << 32)) return false;
  sizes[word.substr(0, equals)] = value;
  return true;
}

}  // namespace

int64_t Problem::operator[](const std::string& size) const {
  const auto found = sizes.find(size);
  if (found == sizes.end()) throw Error(Fault::input, str(kernel, ' ', text(), ": the size ", size, " is missing"));
  return found->second;
}

int64_t Problem::get(const std::string& size, int64_t otherwise) const {
  const auto found = sizes.find(size);
  return found == sizes.end() ? otherwise : found->second;
}

std::string Problem::text() const {
  std::string all;
  for (const auto& [name, value] : sizes) all += str(all.empty() ? "" : " ", name, '=', value);
  return all;
}

std::vector<Problem> parse_problems(std::string_view text, const std::string& where) {
  std::vector<Problem> problems;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    Problem p;
    if (!(words >> p.kernel)) continue;
    for (std::string word; words >> word;)
      if (!read_size(word, p.sizes))
        throw Error(Fault::input, str(where, ": line ", number, ": \"", word, "\"; a size like c=64 is expected"));
    problems.push_back(std::move(p));
  }
  return problems;
}

std::map<std::string, int64_t> parse_sizes(const std::string& text) {
  std::map<std::string, int64_t> sizes;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');)
    if (!read_size(word, sizes)) throw Error(Fault::input, str("--shape: \"", word, "\"; sizes like n=8,c=64 are expected"));
  return sizes;
}

}  // namespace thorax::bench
