// How findings show in a phantom: each is a sign of its own, where radiologists see it.
//   Other opacity: a round, well-defined opacity in one lung        Bronchitis: both hila large and dense
//   Reticulonodular opacity: a net with nodules in both lungs       Brocho-pneumonia: soft patches low in both lungs
//   Peribronchovascular ...: streaks outwards from both hila        Bronchiolitis: too much air, the diaphragm low and flat
//   Bronchial thickening: rings and double lines around the hila    Pneumonia: a part of one lung filled up to a straight border
//   Other disease: fluid at the base of one lung, or a wide heart
#pragma once

#include <array>
#include <vector>

#include "data/phantom_anatomy.h"
#include "data/phantom_findings.h"

namespace thorax::data {

struct Signs {
  struct Blob {
    Point at;
    double radius;
  };
  struct Tube {  // a bronchus beside the beam, or along it (length 0: a ring)
    Point at;
    double radius, length, angle;
  };
  Findings there{};
  double strength = 1;  // of all signs of this image
  Blob mass{};          // other opacity
  double net_phase_x = 0, net_phase_y = 0;
  std::array<double, 7> streaks{};  // angles, from the level outwards
  std::vector<Tube> tubes;
  std::vector<Blob> patches;
  bool fluid = false;  // else the heart is wide
  double fluid_side = 1, fluid_level = 0;
  double lobe_side = 1, lobe_top = 0, lobe_bottom = 0, lobe_tilt = 0;
};

// Chooses where the signs of these findings lie; changes the anatomy where the sign is one (bronchiolitis, a wide heart).
Signs draw_signs(Draws& image, const Findings& findings, Anatomy& anatomy);

// How much of the air of a point a finding hides: 0 nothing, 1 all; where it is a change of the anatomy: 1 inside of what has
// changed.
double sign(const Signs& signs, const Anatomy& anatomy, Finding finding, Point p);
// True: sign() is not to be painted, the anatomy has it already.
bool is_anatomy(const Signs& signs, Finding finding);
// Vessels, which everybody has.
double vessels(const Signs& signs, Point p);

}  // namespace thorax::data
