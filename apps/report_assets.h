// What a report brings with it, made from files when thorax is built (apps/CMakeLists.txt).
#pragma once

#include <string_view>

namespace thorax {

extern const std::string_view report_css;  // apps/report/report.css
extern const std::string_view report_js;   // apps/report/report.js: draws the charts
extern const std::string_view report_d3;   // the parts of D3 that it uses, and their licence

}  // namespace thorax
