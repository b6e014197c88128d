#pragma once

namespace thorax {

// A line on stderr where this system cannot take all rights from the decoders of images (docs/sandbox.md).
void warn_where_decoders_have_rights();

}  // namespace thorax
