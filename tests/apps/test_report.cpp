#include <doctest/doctest.h>

#include "apps/html.h"
#include "apps/report_charts.h"
#include "apps/report_gallery.h"
#include "apps/report_paper.h"
#include "data/image.h"
#include "tensor/error.h"
#include "tensor/json.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

const std::string hostile = "</script><script>alert(1)</script><img src=x onerror=\"alert(2)\">&";

std::string base64_of(const std::string& text) {
  return base64({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

size_t count(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

std::string entry(const std::string& name, double probability, const std::string& threshold, const std::string& truth,
                  const std::string& file = "a.png") {
  return "{\"class\": \"" + name + "\", \"probability\": " + std::to_string(probability) + ", \"threshold\": " + threshold +
         ", \"truth\": " + truth + ", \"overlay\": \"" + file + "\", \"more\": [1]}";
}

class Gallery {
 public:
  Gallery() { data::write_png(folder_ / "a.png", {2, 2, {1, 2, 3, 4}}); }
  std::string html(const std::string& list) {
    write_text(folder_ / "explain.json", list);
    return gallery_section(folder_.path(), "how").html;
  }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("report: base64 is RFC 4648's") {
  CHECK(base64_of("").empty());
  CHECK(base64_of("f") == "Zg==");
  CHECK(base64_of("fo") == "Zm8=");
  CHECK(base64_of("foobar") == "Zm9vYmFy");
}

TEST_CASE("report: names from a table are text wherever they stand") {
  HtmlTable table(hostile, {hostile, "b"});
  table.row({hostile, hostile});
  LineChart chart;
  chart.title = hostile;
  chart.x.label = hostile;
  chart.series.push_back({hostile, {{0, 0.5}, {1, 1}}});
  const std::string page = html_page(hostile, "", {{"a", hostile, table.html() + chart_html(chart)}});
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(count(page, "</script>") == 3);  // the chart's data, D3, our own
  CHECK(page.find("\\u003c/script>") != std::string::npos);
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("report: an interval behind a figure stays on one line") {
  CHECK(html_figure("0.832 (0.709-0.933)") == "0.832 <small>(0.709-0.933)</small>");
  CHECK(html_figure("<0.001") == "&lt;0.001");
  CHECK(html_figure("<b> (<i>)") == "&lt;b&gt; <small>(&lt;i&gt;)</small>");
  CHECK(html_figure("(a) b") == "(a) b");
}

TEST_CASE("report: a chart's data can be read back") {
  IntervalChart chart{"t", {"AUC", {}}, 0.5, {{hostile, 0.75, Range{0.5, 0.875}}, {"b", 0.25, std::nullopt}}};
  const std::string html = chart_html(chart);
  const std::string begin = "application/json\">";
  const size_t at = html.find(begin) + begin.size();
  const Json json = parse_json(html.substr(at, html.find("</script>") - at), "chart");
  const Json& row = json.find("rows")->items.at(0);
  CHECK(row.find("name")->text == hostile);
  CHECK(row.find("interval")->items.at(1).number() == 0.875);
  CHECK(json.find("rows")->items.at(1).find("interval")->kind == Json::Kind::null);
}

TEST_CASE("report: the gallery shows the most confident mistakes first, and six of a kind") {
  Gallery gallery;
  std::string list = "[" + entry("A", 0.9, "0.5", "1") + "," + entry("A", 0.6, "0.5", "0") + "," + entry("A", 0.9, "0.5", "0") +
                     "," + entry("A", 0.1, "0.5", "null") + "," + entry("B", 0.1, "null", "1");
  for (int i = 0; i < 9; ++i) list += "," + entry("B", 0.2, "0.3", "0");
  const std::string html = gallery.html(list + "]");
  CHECK(count(html, "<li ") == 11);
  CHECK(count(html, "B: rightly not found") == 2 * 6);
  CHECK(count(html, "no decision, probability") == 2 * 2);
  CHECK(html.find("(picture 3)") < html.find("(picture 2)"));
  CHECK(html.find("(picture 2)") < html.find("(picture 1)"));
  CHECK(html.find("a.png") == std::string::npos);
  CHECK(html.find("data:image/png;base64,iVBORw0KGgo") != std::string::npos);
}

TEST_CASE("report: a list of overlays that is wrong is refused with the entry") {
  Gallery gallery;
  CHECK_THROWS_WITH_AS(gallery.html("{}"), doctest::Contains("a list of overlays"), Error);
  CHECK_THROWS_WITH_AS(gallery.html("[" + entry("A", 1, "1", "1") + ", 3]"), doctest::Contains("entry 2"), Error);
  for (const char* way_out : {"../a.png", "/a.png", "..", "", "b/../a.png"})
    CHECK_THROWS_WITH_AS(gallery.html("[" + entry("A", 1, "1", "1", way_out) + "]"), doctest::Contains("entry 1"), Error);
  write_text(gallery.folder() / "b.png", "<svg onload=alert(1)>");
  CHECK_THROWS_WITH_AS(gallery.html("[" + entry("A", 1, "1", "1", "b.png") + "]"), doctest::Contains("no PNG"), Error);
  CHECK_THROWS_AS(gallery.html("[" + entry("A", 1, "1", "1", "none.png") + "]"), Error);
  const TemporaryFolder empty;
  CHECK(gallery_section(empty.path(), "thorax <explain>").html.find("thorax &lt;explain&gt;") != std::string::npos);
}

TEST_CASE("report: a folder of reproduce is known by its tables, and one that is not as reproduce writes it is refused") {
  const TemporaryFolder folder;
  CHECK(!is_paper_folder(folder.path()));
  write_text(folder / "paper.md", "# x\n");
  write_text(folder / "table1.csv", "class,none\nA,1\n");
  write_text(folder / "figure3.csv", "class,none\nA,1\n");
  CHECK(is_paper_folder(folder.path()));
  CHECK_THROWS_AS(paper_sections(folder.path()), Error);
}
