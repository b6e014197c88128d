// The pictures of a report: overlays that `thorax explain` has made, and its list of them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/html.h"

namespace thorax {

struct Overlay {
  std::string class_name;
  double probability = 0;
  std::optional<double> threshold;  // nullopt: the class has no cut-off
  std::optional<bool> truth;        // nullopt: not known
  std::filesystem::path picture;    // PNG: the small one where there is one
  size_t number = 0;                // in the list, from 1

  const char* kind() const;  // "missed", "false alarm", "found", "rightly not found" or "no decision"
  bool is_mistake() const;
  double confidence() const;  // how far from the cut-off, of all the way to 0 or 1
};

// FOLDER/explain.json: a list of objects with the keys class, probability, threshold (or null), truth (1, 0 or null), overlay (a
// file in the folder) and, where there is one, preview (the same, smaller). Other keys are passed over. Throws Error(input) with
// the entry's number for anything else, and for a file name that leads out of the folder.
std::vector<Overlay> read_overlays(const std::filesystem::path& folder);

// By class and kind, the most confident mistakes first; at most six of a kind and class, and 24 MiB in all. The pictures are
// taken as they are, not decoded. folder: of the overlays; how: what makes them, where there are none.
HtmlSection gallery_section(const std::filesystem::path& folder, const std::string& how);

}  // namespace thorax
