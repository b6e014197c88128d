// The chest that phantoms show. Coordinates: x from -1 (left edge of the image) to 1, y from -1 (top) to 1; the heart points to
// the right, as on a radiograph seen from the front. Density: 0 air, 1 bone.
#pragma once

#include <array>
#include <cstdint>

#include "tensor/rng.h"

namespace thorax::data {

// Draws in the order of the calls.
class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}
  double in(double low, double high) { return low + (high - low) * static_cast<double>(rng_.uniform(next_++)); }
  bool chance(double p) { return in(0, 1) < p; }

 private:
  Rng rng_;
  uint64_t next_ = 0;
};

// What a patient is like.
struct Anatomy {
  bool wide_heart;
  double heart_width, heart_height, heart_x, heart_y;  // half axes and centre
  double chest;                                        // half width of the lungs together
  double apex, base;                                   // y of the lungs' top and of the right dome of the diaphragm
  double rib_spacing, rib_phase;
};

// What one image shows. side: -1 left in the image, 1 right.
struct Signs {
  bool opacity, effusion;
  double patch_side;
  struct Blob {
    double x, y, radius;
  };
  std::array<Blob, 4> patch;
  double fluid_side, fluid_level;
  double tilt, zoom, shift_x, shift_y;  // how the patient stood
};

Anatomy draw_anatomy(Draws& patient);
Signs draw_signs(Draws& image, const Anatomy& anatomy);
double density(const Anatomy& anatomy, const Signs& signs, double x, double y);

}  // namespace thorax::data
