// When two classes are one.
#pragma once

#include <string>

namespace thorax {

// Letters and digits alone, in small letters: "No finding", "no_finding" and "NO-FINDING" are one name.
std::string folded(const std::string& name);

}  // namespace thorax
