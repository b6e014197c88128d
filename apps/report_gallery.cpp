#include "apps/report_gallery.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "apps/console.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

namespace {

constexpr size_t most_of_a_kind = 6;
constexpr size_t most_bytes = size_t{24} << 20;

// A name in the folder, not a way out of it.
std::filesystem::path file_in(const std::filesystem::path& folder, const Json& name) {
  const std::filesystem::path path = name.text;
  const bool inside = name.kind == Json::Kind::string && !path.empty() && path == path.filename() && path != ".." && path != ".";
  return inside ? folder / path : std::filesystem::path();
}

Overlay overlay_of(const Json& entry, const std::filesystem::path& folder, size_t number) {
  const auto find = [&](const char* key) { return entry.kind == Json::Kind::object ? entry.find(key) : nullptr; };
  const auto number_of = [&](const char* key) {
    const Json* value = find(key);
    return value != nullptr && value->kind == Json::Kind::number ? value->number() : std::nullopt;
  };
  Overlay o;
  o.number = number;
  const Json* name = find("class");
  const Json* picture = find("preview") != nullptr ? find("preview") : find("overlay");
  const std::optional<double> probability = number_of("probability");
  if (name != nullptr && name->kind == Json::Kind::string) o.class_name = name->text;
  if (picture != nullptr) o.picture = file_in(folder, *picture);
  if (o.class_name.empty() || o.picture.empty() || !probability)
    throw Error(Fault::input, str((folder / "explain.json").string(), ": entry ", number,
                                  ": a class, a probability and the name of an overlay are expected"));
  o.probability = *probability;
  o.threshold = number_of("threshold");
  if (const auto truth = number_of("truth")) o.truth = *truth >= 0.5;
  return o;
}

std::string words(const Overlay& o) {
  return str(o.class_name, ": ", o.kind(), ", probability ", fixed(o.probability, 3),
             o.threshold ? ", cut-off " + fixed(*o.threshold, 3) : "", " (picture ", o.number, ")");
}

bool is_png(std::span<const uint8_t> bytes) {
  constexpr std::array<uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return bytes.size() > signature.size() && std::equal(signature.begin(), signature.end(), bytes.begin());
}

// Empty: no room for it.
std::string item_html(const Overlay& o, size_t& bytes_left) {
  const MappedFile file(o.picture);
  const std::span bytes(reinterpret_cast<const uint8_t*>(file.bytes().data()), file.bytes().size());
  if (!is_png(bytes)) throw Error(Fault::input, str(o.picture.string(), ": no PNG"));
  if (bytes.size() > bytes_left) return {};
  bytes_left -= bytes.size();
  const std::string text = html_text(words(o));
  return str("<li data-class=\"", html_text(o.class_name), "\" data-kind=\"", o.kind(), "\"><button type=\"button\"><img alt=\"",
             text, "\" src=\"data:image/png;base64,", base64(bytes), "\"></button><p>", text, "</p></li>\n");
}

std::string options_html(const char* id, const char* label, const char* all, const std::set<std::string>& values) {
  std::string text = str("<label>", label, " <select id=\"", id, "\"><option value=\"\">", all, "</option>");
  for (const std::string& v : values) text += str("<option value=\"", html_text(v), "\">", html_text(v), "</option>");
  return text + "</select></label>\n";
}

}  // namespace

const char* Overlay::kind() const {
  if (!threshold || !truth) return "no decision";
  const bool called = probability >= *threshold;
  if (*truth) return called ? "found" : "missed";
  return called ? "false alarm" : "rightly not found";
}

bool Overlay::is_mistake() const {
  return threshold && truth && (probability >= *threshold) != *truth;
}

double Overlay::confidence() const {
  if (!threshold) return 0;
  const double way = probability >= *threshold ? 1 - *threshold : *threshold;
  return way > 0 ? std::abs(probability - *threshold) / way : 0;
}

std::vector<Overlay> read_overlays(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "explain.json";
  const Json list = parse_json(MappedFile(file).text(), file.string());
  if (list.kind != Json::Kind::array) throw Error(Fault::input, str(file.string(), ": a list of overlays is expected"));
  std::vector<Overlay> overlays;
  for (const Json& entry : list.items) overlays.push_back(overlay_of(entry, folder, overlays.size() + 1));
  return overlays;
}

HtmlSection gallery_section(const std::filesystem::path& folder, const std::string& how) {
  HtmlSection section{"gallery", "Pictures",
                      str("<p>There are no heat maps yet. <code>", html_text(how), "</code> makes them.</p>\n")};
  if (!path_exists(folder / "explain.json")) return section;
  std::vector<Overlay> overlays = read_overlays(folder);
  std::stable_sort(overlays.begin(), overlays.end(), [](const Overlay& a, const Overlay& b) {
    return std::pair(a.is_mistake(), a.confidence()) > std::pair(b.is_mistake(), b.confidence());
  });
  std::map<std::pair<std::string, std::string>, size_t> taken;
  std::set<std::string> classes, kinds;
  std::string items;
  size_t bytes_left = most_bytes, count = 0;
  for (const Overlay& o : overlays) {
    size_t& of_kind = taken[{o.class_name, o.kind()}];
    if (of_kind == most_of_a_kind) continue;
    const std::string item = item_html(o, bytes_left);
    if (item.empty()) continue;
    items += item;
    classes.insert(o.class_name);
    kinds.insert(o.kind());
    ++of_kind, ++count;
  }
  section.html = str("<p class=\"quiet\">Where the model looked: ", count, " of ", overlays.size(),
                     " pictures, the most confident mistakes first. Enter opens one, the arrow keys show the others.</p>\n",
                     "<div class=\"filters\">", options_html("gallery-class", "Class", "all classes", classes),
                     options_html("gallery-kind", "Decision", "all", kinds), "</div>\n<ul class=\"gallery\">\n", items,
                     "</ul>\n<dialog aria-label=\"Picture\"><img alt=\"\"><p></p><div class=\"filters\"><button "
                     "type=\"button\">Previous</button><button type=\"button\">Next</button><button "
                     "type=\"button\">Close</button></div></dialog>\n");
  return section;
}

}  // namespace thorax
