#include "apps/explain_pictures.h"

#include "apps/console.h"
#include "apps/printable.h"
#include "data/dicom.h"
#include "explain/secondary_capture.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

namespace {

constexpr int64_t longest_of_preview = 480;
// Of the UIDs: the same overlay of the same source has the same UIDs, whoever makes it.
constexpr uint64_t uid_seed = 1;

std::string text_of(const std::vector<uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

void write_capture(const ExplainFolder& folder, const std::string& name, const std::filesystem::path& source,
                   explain::Picture picture, const ClassMap& found, const std::string& class_name) {
  const MappedFile file(source);
  const std::span bytes(reinterpret_cast<const uint8_t*>(file.bytes().data()), file.bytes().size());
  if (!data::is_dicom(bytes)) return;
  const auto number = static_cast<int64_t>(found.class_index) + 1;
  folder.write(name, text_of(explain::secondary_capture(bytes, std::move(picture), class_name, number, uid_seed)));
}

}  // namespace

std::vector<Flag> overlay_flags() {
  return {
      {"colormap", "NAME", "of the overlays: inferno, viridis or jet (the paper's)", "inferno"},
      {"opacity", "X", "of the overlays' colours, 0 to 1; less where the map is low", "0.5"},
      {"dicom", "", "overlays of DICOM files also as DICOM, with the patient's data", ""},
  };
}

OverlayOptions overlay_options(const Flags& flags) {
  OverlayOptions options;
  options.style.colormap = *explain::colormap_of(flags.choice("colormap", {"inferno", "viridis", "jet"}));
  options.style.opacity = static_cast<float>(flags.number("opacity", 0, 1));
  options.dicom = flags.on("dicom");
  return options;
}

std::string overlay_list(const std::vector<ListedOverlay>& overlays) {
  std::string list;
  for (const ListedOverlay& o : overlays)
    list += str(list.empty() ? "" : ",\n ", "{\"class\": ", json_quote(printable(o.class_name)),
                ", \"probability\": ", fixed(double{o.probability}, 6),
                ", \"threshold\": ", o.threshold ? fixed(double{*o.threshold}, 6) : "null",
                ", \"truth\": ", o.truth ? (*o.truth ? "1" : "0") : "null", ", \"overlay\": ", json_quote(o.overlay),
                ", \"preview\": ", json_quote(o.preview), "}");
  return "[" + list + "]\n";
}

ListedOverlay write_overlay(const ExplainFolder& folder, const std::string& stem, const std::filesystem::path& source,
                            const data::Image& image, const std::vector<float>& map, const ClassMap& found, ListedOverlay listed,
                            const OverlayOptions& options) {
  explain::Picture picture = explain::overlay_picture(image.grey, map, image.width, image.height,
                                                      {listed.class_name, listed.probability, listed.threshold},
                                                      {found.truth, found.found}, options.style);
  listed.overlay = stem + ".overlay.png";
  listed.preview = stem + ".preview.png";
  folder.write(listed.overlay, text_of(explain::png_of(picture)));
  folder.write(listed.preview, text_of(explain::png_of(explain::reduced(picture, longest_of_preview))));
  if (options.dicom) write_capture(folder, stem + ".dcm", source, std::move(picture), found, listed.class_name);
  return listed;
}

}  // namespace thorax
