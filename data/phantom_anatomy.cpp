#include "data/phantom_anatomy.h"

namespace thorax::data {

namespace {

double outer_edge(const Anatomy& a, double y) {
  return a.chest * (0.50 + 0.50 * std::sqrt(std::clamp((y - a.apex) / 0.95, 0.0, 1.0)));
}

// A dome that falls off to the costophrenic angle; higher on the left of the image.
double diaphragm(const Anatomy& a, Point p) {
  const double from_top = std::abs(p.x) - 0.34;
  return a.base + (p.x > 0 ? 0.06 : 0.0) + a.dome * from_top * from_top * (from_top > 0 ? 1.0 : 0.35);
}

// Behind: falling gently outwards. In front: falling steeply inwards, fainter.
double ribs(const Anatomy& a, double u, double y) {
  double sum = 0;
  for (int k = 0; k < 10; ++k) {
    const double start = a.apex + 0.02 + (k + a.rib_phase) * a.rib_spacing;
    const double behind = y - (start - 0.12 + a.rib_slope * (0.55 * u * u + 0.05 * u));
    const double before = y - (start + 0.36 - a.rib_slope * 0.42 * u);
    sum += 0.085 * line(behind, 0.020) + (u > 0.22 ? 0.035 * line(before, 0.026) : 0.0);
  }
  return sum;
}

}  // namespace

Anatomy draw_anatomy(Draws& d) {
  Anatomy a{};
  const double drawn = d.in(0, 1);
  a.age = 17.0 * drawn * drawn;  // most are small
  a.sex = d.chance(0.5) ? 'F' : 'M';
  const double grown = std::min(1.0, a.age / 12.0);
  a.chest = d.in(0.74, 0.82);
  a.apex = d.in(-0.78, -0.70) - 0.06 * grown;
  a.base = d.in(0.36, 0.42) + 0.10 * grown;
  a.dome = 1.1;
  a.heart_width = d.in(0.32, 0.37) - 0.07 * grown;
  a.heart_height = d.in(0.30, 0.34);
  a.heart_x = d.in(0.09, 0.13);
  a.heart_y = a.base - d.in(0.20, 0.24);
  a.thymus = a.age < 3.0 ? d.in(0.5, 1.0) * 0.26 * (1.0 - a.age / 3.0) : 0.0;
  a.rib_spacing = d.in(0.135, 0.150) + 0.015 * grown;
  a.rib_phase = d.in(0, 1);
  a.rib_slope = 0.45 + 0.55 * grown;
  return a;
}

double lung(const Anatomy& a, Point p) {
  const double u = std::abs(p.x);
  const double top = a.apex + 0.9 * std::pow(std::max(0.0, std::abs(u - 0.36) - 0.02), 2.0);
  return inside(u - outer_edge(a, p.y), 0.015) * inside(0.10 - u, 0.02) * inside(top - p.y, 0.025) *
         inside(p.y - diaphragm(a, p), 0.012);
}

double heart(const Anatomy& a, Point p) {
  const Point leaning{p.x, p.y + 0.25 * (p.x - a.heart_x)};
  return inside(ellipse_distance(leaning, {a.heart_x, a.heart_y}, a.heart_width, a.heart_height), 0.018);
}

double mediastinum(const Anatomy& a, Point p) {
  const double u = std::abs(p.x);
  const double arch = inside(ellipse_distance(p, {0.09, -0.28}, 0.11, 0.11), 0.02);
  const double vessels = inside(u - 0.13, 0.025) * inside(p.y - a.heart_y, 0.05);
  // A sail: wider downwards, then cut off.
  const double sail = inside(u - 0.13 - a.thymus * ramp(p.y, -0.62, -0.22), 0.02) * inside(p.y + 0.18, 0.015);
  return std::max({heart(a, p), arch, vessels, a.thymus > 0.02 ? sail : 0.0});
}

double trunk(const Anatomy& a, Point p) {
  const double half_width = 0.30 + 0.66 * ramp(p.y, -1.15, -0.50);  // neck, shoulders, trunk
  const double round = std::clamp(1.0 - p.x * p.x / (half_width * half_width), 0.0, 1.0);
  const double tissue = inside(std::abs(p.x) - half_width, 0.02) * (0.46 + 0.14 * std::sqrt(round));
  if (tissue < 0.02) return tissue;
  const double belly = 0.14 * ramp(p.y, a.base - 0.1, 0.95);
  const double stomach = 0.16 * inside(ellipse_distance(p, {0.42, a.base + 0.24}, 0.16, 0.08), 0.02);
  return tissue + belly - stomach;
}

double bones(const Anatomy& a, Point p) {
  const double u = std::abs(p.x);
  const double spine = 0.09 * inside(u - 0.075, 0.012) * (1.0 + 0.25 * std::cos(p.y * 34.0));
  const double clavicle =
      0.12 * line(p.y - (a.apex + 0.13 - 0.16 * u + 0.10 * u * u), 0.024) * inside(0.09 - u, 0.015) * inside(u - 0.80, 0.03);
  const double cage = inside(0.08 - u, 0.03) * inside(u - outer_edge(a, p.y) - 0.05, 0.02) * inside(p.y - 0.72, 0.05);
  return spine + clavicle + (cage > 0 ? ribs(a, u, p.y) * cage : 0.0);
}

}  // namespace thorax::data
