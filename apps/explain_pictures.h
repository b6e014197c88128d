// The overlays of an explanation as files, and the list of them that a report's gallery shows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/explain_output.h"
#include "apps/flags.h"
#include "data/image.h"
#include "explain/overlay.h"

namespace thorax {

std::vector<Flag> overlay_flags();

struct OverlayOptions {
  explain::OverlayStyle style;
  bool dicom = false;  // a Secondary Capture beside the PNG, of an image that is a DICOM file
};
// Throws Error(input) for a colour map that there is not, or an opacity outside [0, 1].
OverlayOptions overlay_options(const Flags& flags);

// One line of explain.json: apps/report_gallery.h reads it.
struct ListedOverlay {
  std::string class_name;
  float probability = 0;
  std::optional<float> threshold;  // nullopt: the class has no cut-off
  std::optional<bool> truth;       // nullopt: not known
  std::string overlay, preview;    // the files' names in the folder
};
std::string overlay_list(const std::vector<ListedOverlay>& overlays);

// Writes the overlay of a class on its image as STEM.overlay.png, a small one as STEM.preview.png, and, where it is asked for,
// STEM.dcm. listed: what is known of the class; the files' names are put into it. map: [height,width] of the image, 0 to 1.
ListedOverlay write_overlay(const ExplainFolder& folder, const std::string& stem, const std::filesystem::path& source,
                            const data::Image& image, const std::vector<float>& map, const ClassMap& found, ListedOverlay listed,
                            const OverlayOptions& options);

}  // namespace thorax
