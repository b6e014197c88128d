#include "data/phantom.h"

#include <algorithm>
#include <cmath>

#include "data/phantom_signs.h"
#include "data/streams.h"

namespace thorax::data {

namespace {

// How the patient stood.
struct Pose {
  double tilt, zoom, shift_x, shift_y;

  explicit Pose(Draws& d)
      : tilt(d.in(-0.05, 0.05)), zoom(d.in(0.95, 1.08)), shift_x(d.in(-0.04, 0.04)), shift_y(d.in(-0.04, 0.04)) {}
  Point in_patient(Point image) const {
    return {(image.x - shift_x + tilt * image.y) * zoom, (image.y - shift_y - tilt * image.x) * zoom};
  }
};

// The pixels that a finding has changed.
class Extent {
 public:
  void add(int64_t x, int64_t y) {
    left_ = std::min(left_, x);
    right_ = std::max(right_, x + 1);
    top_ = std::min(top_, y);
    bottom_ = std::max(bottom_, y + 1);
  }
  bool is_empty() const { return right_ == 0; }
  Box box(const std::string& finding) const {
    return {finding, static_cast<float>(left_), static_cast<float>(top_), static_cast<float>(right_ - left_),
            static_cast<float>(bottom_ - top_)};
  }

 private:
  int64_t left_ = INT64_MAX, right_ = 0, top_ = INT64_MAX, bottom_ = 0;
};
using Extents = std::array<std::array<Extent, 2>, finding_count>;  // of each finding in the left and right half of the chest

// Paints one child. Everything is known but the place.
struct Painter {
  const Anatomy& anatomy;
  const Signs& signs;

  double density(Point p, int64_t column, int64_t row, Extents& extents) const {
    const double body = trunk(anatomy, p);
    const double open = lung(anatomy, p) * (1.0 - mediastinum(anatomy, p));
    const double air = open > 0.005 ? air_at(p, open) : 0.0;
    for (size_t k = 0; k < finding_count; ++k) mark(static_cast<Finding>(k), p, open, column, row, extents);
    return body - 0.40 * air + bones(anatomy, p) * inside(0.02 - body, 0.005);
  }

 private:
  double air_at(Point p, double open) const {
    const double u = std::abs(p.x);
    const double hila = 0.16 * std::exp(-(std::pow(u - 0.20, 2.0) / 0.012 + std::pow(p.y + 0.02, 2.0) / 0.03));
    const double mottle = 0.05 * (1.0 + std::sin(31.0 * p.x + 9.0 * p.y) * std::sin(27.0 * p.y - 11.0 * p.x)) * (1.0 - 0.6 * u);
    double air = open * (1.0 - hila - mottle) * (1.0 - vessels(signs, p));
    for (size_t k = 0; k < finding_count; ++k) {
      const auto finding = static_cast<Finding>(k);
      if (signs.there[k] && !is_anatomy(signs, finding)) air *= 1.0 - signs.strength * sign(signs, anatomy, finding, p);
    }
    return air;
  }
  void mark(Finding finding, Point p, double open, int64_t column, int64_t row, Extents& extents) const {
    if (!signs.there[finding]) return;
    const double seen = sign(signs, anatomy, finding, p) * (is_anatomy(signs, finding) ? 0.5 : open);
    const bool right = p.x >= 0 && !(finding == other_disease && !signs.fluid);  // a heart is one, though on both sides
    if (seen > 0.25) extents[finding][right ? 1 : 0].add(column, row);
  }
};

// The mean of all images is made the same, so that brightness alone tells nothing; then each gets a brightness and a contrast of
// its own, and grain.
void expose(std::vector<float>& values, Draws& draws, const Rng& grain) {
  const double brightness = draws.in(0.38, 0.56);
  const double contrast = draws.in(0.8, 1.15);
  double sum = 0;
  for (float v : values) sum += static_cast<double>(v);
  const double mean = sum / static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double v =
        brightness + contrast * (static_cast<double>(values[i]) - mean) + 0.025 * static_cast<double>(grain.normal(i));
    values[i] = static_cast<float>(std::clamp(v, 0.0, 1.0));
  }
}

}  // namespace

Phantom draw_phantom(const PhantomOptions& o, int64_t patient, int64_t number) {
  Draws draws(Rng(o.seed, stream(Purpose::phantom_findings, static_cast<uint64_t>(number))));
  return draw_phantom(o, patient, number, draw_findings(draws, o.findings));
}

Phantom draw_phantom(const PhantomOptions& o, int64_t patient, int64_t number, const Findings& findings) {
  Draws of_patient(Rng(o.seed, stream(Purpose::phantom_patient, static_cast<uint64_t>(patient))));
  Draws of_image(Rng(o.seed, stream(Purpose::phantom_image, static_cast<uint64_t>(number))));
  Anatomy anatomy = draw_anatomy(of_patient);
  Phantom phantom;
  phantom.size = o.size;
  phantom.findings = findings;
  phantom.age = anatomy.age;
  phantom.sex = anatomy.sex;
  const Pose pose(of_image);
  const Signs signs = draw_signs(of_image, phantom.findings, anatomy);
  const Painter painter{anatomy, signs};
  Extents extents;
  phantom.values.reserve(static_cast<size_t>(o.size * o.size));
  const auto coordinate = [&](int64_t i) { return (2.0 * static_cast<double>(i) + 1.0) / static_cast<double>(o.size) - 1.0; };
  for (int64_t y = 0; y < o.size; ++y) {
    for (int64_t x = 0; x < o.size; ++x) {
      const Point p = pose.in_patient({coordinate(x), coordinate(y)});
      phantom.values.push_back(static_cast<float>(painter.density(p, x, y, extents)));
    }
  }
  expose(phantom.values, of_image, Rng(o.seed, stream(Purpose::phantom_noise, static_cast<uint64_t>(number))));
  for (size_t k = 0; k < finding_count; ++k) {
    for (const Extent& e : extents[k]) {
      if (!e.is_empty()) phantom.boxes.push_back(e.box(paper_classes()[k]));
    }
  }
  return phantom;
}

Image grey_image(const Phantom& phantom) {
  Image image{phantom.size, phantom.size, {}};
  image.grey.reserve(phantom.values.size());
  for (float v : phantom.values) image.grey.push_back(static_cast<uint8_t>(std::lround(v * 255.0F)));
  return image;
}

}  // namespace thorax::data
