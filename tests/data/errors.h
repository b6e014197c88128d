// What an Error says.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "tensor/error.h"

namespace thorax::test {

// The message of the Error(input) that the call throws; fails the test when it throws none.
template <class Call>
std::string input_error(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    return error.what();
  }
  CHECK_MESSAGE(false, "nothing was thrown");
  return {};
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace thorax::test
