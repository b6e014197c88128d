// Text of unknown origin (class names, file names) for a terminal: it must neither steer it nor break a table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thorax {

// The bytes of the well-formed UTF-8 character that begins at text[at] (1 to 4), or 0 where there is none.
size_t utf8_length(std::string_view text, size_t at);

// The same text, with every control character (C0, DEL, C1) and every malformed byte replaced by "?".
std::string printable(std::string_view text);

// Characters of well-formed UTF-8: the columns it takes, unless it has double-width or combining characters.
size_t columns(std::string_view text);

// printable(text), cut to at most `width` columns (>= 4); a cut text ends with "...".
std::string shortened(std::string_view text, size_t width);

// The text with spaces behind it, up to `width` columns.
std::string padded(std::string text, size_t width);

}  // namespace thorax
