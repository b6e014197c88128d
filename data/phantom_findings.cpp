#include "data/phantom_findings.h"

namespace thorax::data {

namespace {

constexpr uint32_t training_images = 3550;

// So many images have this disease before others, and so many of these show ... beside it. The columns add up to Table 1: 453,
// 402, 1,116, 477 and 730 (with the 558 that have bronchitis alone).
struct Disease {
  Finding finding;
  uint32_t images;
  uint32_t other_opacity, reticulonodular, interstitial, thickening, bronchitis;
};
constexpr std::array<Disease, 5> diseases{{{bronchitis, 558, 11, 28, 335, 223, 0},
                                           {broncho_pneumonia, 438, 88, 131, 241, 88, 90},
                                           {bronchiolitis, 417, 17, 83, 292, 104, 82},
                                           {pneumonia, 354, 159, 71, 124, 35, 0},
                                           {other_disease, 396, 178, 89, 124, 27, 0}}};

void add_disease(Findings& f, const Disease& d, Draws& draws) {
  f[d.finding] = true;
  const auto also = [&](Finding finding, uint32_t images) {
    if (draws.below(d.images) < images) f[finding] = true;
  };
  also(other_opacity, d.other_opacity);
  also(reticulonodular_opacity, d.reticulonodular);
  also(interstitial_opacity, d.interstitial);
  also(bronchial_thickening, d.thickening);
  also(bronchitis, d.bronchitis);
}

}  // namespace

Findings draw_findings(Draws& draws, const std::vector<Finding>& only) {
  Findings f{};
  if (only.empty()) {
    uint32_t image = draws.below(training_images);
    for (const Disease& d : diseases) {
      if (image < d.images) {
        add_disease(f, d, draws);
        break;
      }
      image -= d.images;
    }
  }
  for (Finding finding : only) f[finding] = finding != no_finding && draws.chance(0.30);
  f[no_finding] = std::none_of(f.begin(), f.end(), [](bool there) { return there; });
  return f;
}

}  // namespace thorax::data
