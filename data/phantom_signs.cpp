#include "data/phantom_signs.h"

#include <numbers>

namespace thorax::data {

namespace {

constexpr Point hilum{0.20, -0.02};  // as seen on the right of the image

double soft_blob(const Signs::Blob& b, Point p) {
  const double r2 = (p.x - b.at.x) * (p.x - b.at.x) + (p.y - b.at.y) * (p.y - b.at.y);
  return std::exp(-r2 / (2.0 * b.radius * b.radius));
}

double tube(const Signs::Tube& t, Point p) {
  const double dx = p.x - t.at.x;
  const double dy = p.y - t.at.y;
  const double along = dx * std::cos(t.angle) + dy * std::sin(t.angle);
  const double across = -dx * std::sin(t.angle) + dy * std::cos(t.angle);
  if (t.length == 0.0) return line(std::hypot(dx, dy) - t.radius, 0.013);
  return line(std::abs(across) - t.radius, 0.011) * inside(std::abs(along) - t.length, 0.01);
}

// Streaks from the hilum outwards, fading.
double streaks(const Signs& s, Point p, double reach, double half_width) {
  const double dx = std::abs(p.x) - hilum.x;
  const double dy = p.y - hilum.y;
  const double r = std::hypot(dx, dy);
  if (r > 1.5 * reach) return 0.0;
  double most = 0;
  for (double angle : s.streaks) {
    const double along = dx * std::cos(angle) + dy * std::sin(angle);
    const double wave = 0.02 * std::sin(16.0 * r + 5.0 * angle + p.x);
    const double across = -dx * std::sin(angle) + dy * std::cos(angle) + wave;
    if (along > 0) most = std::max(most, line(across, half_width));
  }
  return most * inside(r - reach, 0.08) * ramp(r, 0.02, 0.10);
}

// Dots at the crossings of a bent grid, and the grid.
double net(const Signs& s, Point p) {
  const double x = 36.0 * (p.x + 0.02 * std::sin(9.0 * p.y)) + s.net_phase_x;
  const double y = 36.0 * (p.y + 0.02 * std::sin(8.0 * p.x)) + s.net_phase_y;
  const double nodule = ramp(std::abs(std::sin(x) * std::sin(y)), 0.45, 0.80);
  const double thread = std::max(line(std::cos(x), 0.30), line(std::cos(y), 0.30));
  const double where = inside(ellipse_distance({std::abs(p.x), p.y}, {0.44, 0.02}, 0.30, 0.36), 0.04);
  return where * std::max(nodule, 0.55 * thread);
}

double lobe(const Signs& s, Point p) {
  const double bent = s.lobe_tilt * (std::abs(p.x) - 0.4);
  const double air_in_bronchi = 0.35 * line(p.y - 0.5 * (s.lobe_top + s.lobe_bottom) - 0.5 * (std::abs(p.x) - 0.35), 0.014);
  return p.x * s.lobe_side < 0
             ? 0.0
             : inside(s.lobe_top + bent - p.y, 0.012) * inside(p.y - s.lobe_bottom - bent, 0.012) * (1.0 - air_in_bronchi);
}

// Fluid stands highest at the chest wall.
double fluid(const Signs& s, const Anatomy& a, Point p) {
  const double meniscus = 0.26 * std::pow(std::clamp(std::abs(p.x) / a.chest, 0.0, 1.0), 3.0);
  return p.x * s.fluid_side < 0 ? 0.0 : inside(s.fluid_level - meniscus - p.y, 0.015);
}

double either_side(Draws& d) {
  return d.chance(0.5) ? 1.0 : -1.0;
}

void draw_places(Draws& d, Signs& s, const Anatomy& a) {
  s.mass = {{either_side(d) * d.in(0.36, 0.54), d.in(-0.42, -0.02)}, d.in(0.085, 0.13)};
  s.net_phase_x = d.in(0, 6.28);
  s.net_phase_y = d.in(0, 6.28);
  for (size_t i = 0; i < s.streaks.size(); ++i) s.streaks[i] = -1.35 + 0.42 * static_cast<double>(i) + d.in(-0.12, 0.12);
  for (double side : {-1.0, 1.0}) {
    for (int i = 0; i < 4; ++i) {
      const bool ring = i < 2;
      const double angle = d.in(-1.2, 1.2);
      const double far = d.in(0.14, 0.26);
      const Point at{side * (hilum.x + far * std::cos(angle)), hilum.y + far * std::sin(angle)};
      s.tubes.push_back({at, ring ? d.in(0.045, 0.06) : d.in(0.026, 0.034), ring ? 0.0 : d.in(0.08, 0.12),
                         side > 0 ? angle : std::numbers::pi - angle});
    }
    for (int i = 0; i < 4; ++i) s.patches.push_back({{side * d.in(0.28, 0.60), a.base - d.in(0.06, 0.50)}, d.in(0.05, 0.08)});
  }
  s.fluid_side = either_side(d);
  s.fluid_level = a.base - d.in(0.04, 0.20);
  const bool upper = d.chance(0.5);
  s.lobe_side = upper ? either_side(d) : -1.0;  // the middle lobe is the right lung's
  s.lobe_top = upper ? -1.0 : d.in(-0.10, -0.02);
  s.lobe_bottom = upper ? d.in(-0.24, -0.10) : d.in(0.18, 0.26) * (a.base > 0.42 ? 1.0 : 0.8);
  s.lobe_tilt = d.in(-0.10, 0.10);
}

}  // namespace

Signs draw_signs(Draws& d, const Findings& findings, Anatomy& a) {
  Signs s;
  s.there = findings;
  s.strength = d.in(0.8, 1.0);
  s.fluid = d.chance(0.5);
  const double wider = d.in(0.15, 0.20);
  if (findings[bronchiolitis]) {
    a.base += 0.13;
    a.dome = 0.25;
    a.heart_width *= 0.88;
    a.rib_slope *= 0.5;
  }
  if (findings[other_disease] && !s.fluid) {
    a.heart_width += wider;
    a.heart_height += 0.04;
  }
  draw_places(d, s, a);
  return s;
}

double sign(const Signs& s, const Anatomy& a, Finding finding, Point p) {
  const double side = p.x < 0 ? -1.0 : 1.0;
  switch (finding) {
    case other_opacity: return 0.75 * inside(ellipse_distance(p, s.mass.at, s.mass.radius, s.mass.radius), 0.010);
    case reticulonodular_opacity: return 0.55 * net(s, p);
    case interstitial_opacity: return 0.70 * streaks(s, p, 0.42, 0.020);
    case bronchial_thickening: {
      double most = 0;
      for (const Signs::Tube& t : s.tubes) most = std::max(most, tube(t, p));
      return 0.80 * most;
    }
    case bronchitis: return 0.80 * inside(ellipse_distance(p, {side * (hilum.x + 0.02), hilum.y}, 0.16, 0.22), 0.045);
    case broncho_pneumonia: {
      double sum = 0;
      for (const Signs::Blob& b : s.patches) sum += soft_blob(b, p);
      return 0.80 * std::min(1.0, sum);
    }
    case other_disease: return s.fluid ? 0.92 * fluid(s, a, p) : heart(a, p);
    case bronchiolitis: return lung(a, p);
    case pneumonia: return 0.75 * lobe(s, p);
    default: return 0.0;
  }
}

bool is_anatomy(const Signs& s, Finding finding) {
  return finding == bronchiolitis || (finding == other_disease && !s.fluid);
}

double vessels(const Signs& s, Point p) {
  return 0.16 * streaks(s, p, 0.36, 0.013);
}

}  // namespace thorax::data
