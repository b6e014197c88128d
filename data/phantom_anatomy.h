// The healthy chest that phantoms show, from a newborn's to a sixteen-year-old's. Density: 0 air, 1 bone.
#pragma once

#include "data/phantom_shapes.h"

namespace thorax::data {

// What a child is like. Lengths are in shares of the image, not of the child.
struct Anatomy {
  double age;                                          // in years, below 17
  char sex;                                            // F, M
  double heart_width, heart_height, heart_x, heart_y;  // half axes and centre
  double chest;                                        // half width of the lungs together
  double apex, base;                                   // y of the lungs' top and of the right dome of the diaphragm
  double dome;                                         // how steeply the diaphragm falls off: 1.1; flat: less
  double thymus;                                       // half width at its lower end; none in older children
  double rib_spacing, rib_phase, rib_slope;
};

// Small children have round chests, flat ribs, high diaphragms, hearts that are wide for them, and a thymus.
Anatomy draw_anatomy(Draws& child);

// Where the air of the lungs is, 0...1, as if nothing lay before it.
double lung(const Anatomy& anatomy, Point p);
// Heart, great vessels and thymus: where they lie, no air is seen.
double mediastinum(const Anatomy& anatomy, Point p);
double heart(const Anatomy& anatomy, Point p);
// The body around the lungs: soft tissue, belly, stomach.
double trunk(const Anatomy& anatomy, Point p);
double bones(const Anatomy& anatomy, Point p);

}  // namespace thorax::data
