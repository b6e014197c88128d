// The one exception type of thorax. The library never prints, exits or aborts: it throws Error, and apps/main.cpp turns it
// into one line, a hint and an exit code.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace thorax {

// Who has to act. The value is the exit code of the program.
enum class Fault {
  defect = 1,   // a defect of thorax: a wrong shape handed to an op, a broken invariant
  input = 2,    // a file, a flag or a table is wrong
  machine = 3,  // memory, disk, no such device
};

class Error : public std::runtime_error {
 public:
  // what: what is wrong, where (file, line, tensor), what was expected. hint: what to do about it, may be empty.
  Error(Fault fault, const std::string& what, std::string hint = {})
      : std::runtime_error(what), fault_(fault), hint_(std::move(hint)) {}
  Fault fault() const { return fault_; }
  const std::string& hint() const { return hint_; }

 private:
  Fault fault_;
  std::string hint_;
};

// str("conv2d: x is ", shape, ", expected ", other): everything that has operator<<, in one string.
template <class... Parts>
std::string str(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

// joined({"a", "b"}) is "a, b".
inline std::string joined(const std::vector<std::string>& parts, const char* between = ", ") {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : between) + part;
  return all;
}

}  // namespace thorax
