#include "apps/report_charts.h"

#include "apps/console.h"
#include "apps/html.h"
#include "apps/printable.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

namespace {

// Five digits are finer than any screen.
std::string number(double value) {
  return json_number(std::stod(fixed(value, 5)));
}

std::string range(const std::optional<Range>& r) {
  return r ? str("[", number(r->first), ",", number(r->second), "]") : "null";
}

std::string name(const std::string& text) {
  return json_quote(printable(text));
}

std::string axis(const ChartAxis& a) {
  return str("{\"label\":", name(a.label), ",\"range\":", range(a.range), "}");
}

template <class Items, class Text>
std::string list(const Items& items, const Text& text) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? "," : "") + text(item);
  return out + "]";
}

std::string figure(const std::string& title, const std::string& json) {
  return str("<figure class=\"chart\" tabindex=\"0\"><figcaption>", html_figure(title),
             "</figcaption><script type=\"application/json\">", json_in_script(json), "</script></figure>\n");
}

}  // namespace

std::string chart_html(const LineChart& c) {
  const auto series = [](const LineChart::Series& s) {
    return str("{\"name\":", name(s.name), ",\"points\":", list(s.points, [](const Range& p) { return range(p); }), "}");
  };
  const auto mark = [](const LineChart::Mark& m) {
    return str("{\"name\":", name(m.name), ",\"x\":", number(m.x), ",\"y\":", number(m.y), ",\"xi\":", range(m.x_interval),
               ",\"yi\":", range(m.y_interval), "}");
  };
  return figure(c.title, str("{\"kind\":\"lines\",\"x\":", axis(c.x), ",\"y\":", axis(c.y),
                             ",\"diagonal\":", c.diagonal ? "true" : "false", ",\"dots\":", c.points ? "true" : "false",
                             ",\"series\":", list(c.series, series), ",\"marks\":", list(c.marks, mark), "}"));
}

std::string chart_html(const IntervalChart& c) {
  const auto row = [](const IntervalChart::Row& r) {
    return str("{\"name\":", name(r.name), ",\"value\":", number(r.value), ",\"interval\":", range(r.interval), "}");
  };
  return figure(c.title, str("{\"kind\":\"intervals\",\"x\":", axis(c.x), ",\"reference\":", number(c.reference),
                             ",\"rows\":", list(c.rows, row), "}"));
}

std::string chart_html(const BarChart& c) {
  const auto row = [](const BarChart::Row& r) {
    return str("{\"name\":", name(r.name), ",\"values\":", list(r.values, number), "}");
  };
  return figure(c.title, str("{\"kind\":\"bars\",\"x\":", axis(c.x), ",\"series\":", list(c.series, name),
                             ",\"rows\":", list(c.rows, row), "}"));
}

}  // namespace thorax
