// Lists and numbers as the strings of a checkpoint's metadata, exact both ways.
#pragma once

#include <string>
#include <vector>

namespace thorax {

// A JSON array of strings.
std::string encode_list(const std::vector<std::string>& items);
// Throws Error(input) when the text is not one.
std::vector<std::string> decode_list(const std::string& text);

// The shortest decimal that reads back to the same double; "inf", "-inf".
std::string encode_number(double value);
double decode_number(const std::string& text);

}  // namespace thorax
