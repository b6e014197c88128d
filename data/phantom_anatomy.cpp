#include "data/phantom_anatomy.h"

#include <algorithm>
#include <cmath>

namespace thorax::data {

namespace {

// 1 where distance is well below 0, 0 where it is well above, soft over `width`.
double inside(double distance, double width) {
  const double t = distance / width;
  if (std::abs(t) > 12.0) return t < 0 ? 1.0 : 0.0;
  return 1.0 / (1.0 + std::exp(t));
}

double ramp(double x, double low, double high) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

// A line of this half width, soft.
double line(double distance, double half_width) {
  const double t = distance / half_width;
  return std::abs(t) > 4.0 ? 0.0 : std::exp(-0.5 * t * t);
}

double ellipse_distance(double x, double y, double cx, double cy, double rx, double ry) {
  return (std::hypot((x - cx) / rx, (y - cy) / ry) - 1.0) * std::min(rx, ry);
}

double body(double x, double y) {
  const double half_width = 0.30 + 0.66 * ramp(y, -1.15, -0.50);  // neck, shoulders, trunk
  const double round = std::clamp(1.0 - x * x / (half_width * half_width), 0.0, 1.0);
  return inside(std::abs(x) - half_width, 0.02) * (0.46 + 0.14 * std::sqrt(round));
}

// y of the diaphragm; u: distance from the midline. A dome that falls off to the costophrenic angle; higher on the left of the
// image.
double diaphragm(const Anatomy& a, double side, double u) {
  const double from_top = u - 0.34;
  return a.base + (side > 0 ? 0.06 : 0.0) + 1.1 * from_top * from_top * (from_top > 0 ? 1.0 : 0.35);
}

double outer_edge(const Anatomy& a, double y) {
  return a.chest * (0.50 + 0.50 * std::sqrt(std::clamp((y - a.apex) / 0.95, 0.0, 1.0)));
}

double lung(const Anatomy& a, double side, double u, double y) {
  const double top = a.apex + 0.9 * std::pow(std::max(0.0, std::abs(u - 0.36) - 0.02), 2.0);
  return inside(u - outer_edge(a, y), 0.015) * inside(0.10 - u, 0.02) * inside(top - y, 0.025) *
         inside(y - diaphragm(a, side, u), 0.012);
}

// Heart and great vessels: where they lie, no air is seen.
double mediastinum(const Anatomy& a, double x, double y) {
  const double heart =
      inside(ellipse_distance(x, y + 0.25 * (x - a.heart_x), a.heart_x, a.heart_y, a.heart_width, a.heart_height), 0.018);
  const double arch = inside(ellipse_distance(x, y, 0.09, -0.28, 0.11, 0.11), 0.02);
  const double vessels = inside(std::abs(x) - 0.13, 0.025) * inside(y - a.heart_y, 0.05);
  return std::max({heart, arch, vessels});
}

// Behind: falling gently outwards. In front: falling steeply inwards, fainter.
double ribs(const Anatomy& a, double u, double y) {
  double sum = 0;
  for (int k = 0; k < 10; ++k) {
    const double start = a.apex + 0.02 + (k + a.rib_phase) * a.rib_spacing;
    const double behind = y - (start - 0.12 + 0.55 * u * u + 0.05 * u);
    const double before = y - (start + 0.36 - 0.42 * u);
    sum += 0.085 * line(behind, 0.020) + (u > 0.22 ? 0.035 * line(before, 0.026) : 0.0);
  }
  return sum;
}

double bones(const Anatomy& a, double u, double y) {
  const double spine = 0.09 * inside(u - 0.075, 0.012) * (1.0 + 0.25 * std::cos(y * 34.0));
  const double clavicle =
      0.12 * line(y - (a.apex + 0.13 - 0.16 * u + 0.10 * u * u), 0.024) * inside(0.09 - u, 0.015) * inside(u - 0.80, 0.03);
  const double cage = inside(0.08 - u, 0.03) * inside(u - outer_edge(a, y) - 0.05, 0.02) * inside(y - 0.72, 0.05);
  return spine + clavicle + (cage > 0 ? ribs(a, u, y) * cage : 0.0);
}

double patch_of(const Signs& s, double x, double y) {
  double sum = 0;
  for (const Signs::Blob& b : s.patch)
    sum += std::exp(-(std::pow(x - b.x, 2.0) + std::pow(y - b.y, 2.0)) / (2.0 * b.radius * b.radius));
  return std::min(1.0, 0.6 * sum);
}

// Fluid stands highest at the chest wall.
double fluid(const Anatomy& a, const Signs& s, double u, double y) {
  const double meniscus = 0.26 * std::pow(std::clamp(u / a.chest, 0.0, 1.0), 3.0);
  return inside(s.fluid_level - meniscus - y, 0.015);
}

}  // namespace

Anatomy draw_anatomy(Draws& d) {
  Anatomy a{};
  a.wide_heart = d.chance(0.28);
  a.heart_width = a.wide_heart ? d.in(0.44, 0.52) : d.in(0.26, 0.33);
  a.heart_height = d.in(0.30, 0.35) + (a.wide_heart ? 0.04 : 0.0);
  a.heart_x = a.wide_heart ? d.in(0.10, 0.14) : d.in(0.09, 0.13);
  a.chest = d.in(0.76, 0.84);
  a.apex = d.in(-0.84, -0.76);
  a.base = d.in(0.46, 0.56);
  a.heart_y = a.base - d.in(0.20, 0.24);
  a.rib_spacing = d.in(0.145, 0.165);
  a.rib_phase = d.in(0, 1);
  return a;
}

Signs draw_signs(Draws& d, const Anatomy& a) {
  Signs s{};
  s.opacity = d.chance(0.30);
  s.effusion = d.chance(0.30);
  s.patch_side = d.chance(0.5) ? 1.0 : -1.0;
  const double x = s.patch_side * d.in(0.40, 0.56);
  const double y = d.in(-0.45, 0.22);
  for (Signs::Blob& b : s.patch) b = {x + d.in(-0.10, 0.10), y + d.in(-0.10, 0.10), d.in(0.08, 0.12)};
  s.fluid_side = d.chance(0.5) ? 1.0 : -1.0;
  s.fluid_level = a.base - d.in(0.02, 0.22);
  s.tilt = d.in(-0.05, 0.05);
  s.zoom = d.in(0.95, 1.08);
  s.shift_x = d.in(-0.04, 0.04);
  s.shift_y = d.in(-0.04, 0.04);
  return s;
}

double density(const Anatomy& a, const Signs& s, double image_x, double image_y) {
  const double x = (image_x - s.shift_x + s.tilt * image_y) * s.zoom;
  const double y = (image_y - s.shift_y - s.tilt * image_x) * s.zoom;
  const double side = x < 0 ? -1.0 : 1.0;
  const double u = std::abs(x);
  const double trunk = body(x, y);
  double air = lung(a, side, u, y) * (1.0 - mediastinum(a, x, y));
  const double hilum = 0.16 * std::exp(-(std::pow(u - 0.20, 2.0) / 0.012 + std::pow(y + 0.02, 2.0) / 0.03));
  air *= 1.0 - hilum - 0.05 * (1.0 + std::sin(31.0 * x + 9.0 * y) * std::sin(27.0 * y - 11.0 * x)) * (1.0 - 0.6 * u);
  if (s.effusion && side == s.fluid_side) air *= 1.0 - 0.92 * fluid(a, s, u, y);
  if (s.opacity && side == s.patch_side) air *= 1.0 - 0.62 * patch_of(s, x, y);
  const double belly = 0.14 * ramp(y, a.base - 0.1, 0.95);
  const double stomach = 0.16 * inside(ellipse_distance(x, y, 0.42, a.base + 0.24, 0.16, 0.08), 0.02);
  return trunk + (trunk > 0.02 ? belly - stomach : 0.0) - 0.40 * air + bones(a, u, y) * inside(0.02 - trunk, 0.005);
}

}  // namespace thorax::data
