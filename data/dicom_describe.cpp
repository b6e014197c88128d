#include "data/dicom_describe.h"

#include "tensor/error.h"

namespace thorax::data {

namespace {

// What a code string may hold (PS3.5 6.2): a value of a file that can be shown.
bool is_code(const std::string& text) {
  return text.size() <= 16 && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ") == std::string::npos;
}

}  // namespace

std::string modality_warning(const Dicom& dicom) {
  if (dicom.modality == "CR" || dicom.modality == "DX" || dicom.modality == "DR") return {};
  if (dicom.modality.empty()) return "its modality is not given; CR, DX or DR is expected";
  return str("its modality is ", is_code(dicom.modality) ? dicom.modality : "another one", "; CR, DX or DR is expected");
}

std::string grey_road(const Dicom& dicom) {
  std::string road;
  if (dicom.modality_lut)
    road += str("modality table of ", dicom.modality_lut->entries.size(), " entries -> ");
  else if (dicom.slope != 1 || dicom.intercept != 0)
    road += str("slope ", dicom.slope, ", intercept ", dicom.intercept, " -> ");
  if (dicom.voi_lut)
    road += str("VOI table of ", dicom.voi_lut->entries.size(), " entries");
  else if (dicom.window)
    road += str("window ", dicom.window->center, '/', dicom.window->width, " (", name_of(dicom.window->function), ')');
  else
    road += dicom.padding ? "minimum to maximum without padding" : "minimum to maximum";
  return road + (dicom.inverted ? " -> inverted (MONOCHROME1)" : "") + " -> 8 bits";
}

}  // namespace thorax::data
