#include "data/phantom.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/rng.h"

namespace thorax::data {

namespace {

// Coordinates: x from -1 (left edge) to 1, y from -1 (top) to 1. Brightness: 0 air, 1 dense.
struct Anatomy {
  double lung_x, lung_width, lung_height, lung_y, heart_x, heart_y, heart_width, heart_height, tilt;
  double brightness, contrast;
};

// Draws in the order of the calls, from one image's generator.
class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}
  double in(double low, double high) { return low + (high - low) * static_cast<double>(rng_.uniform(next_++)); }
  bool chance(double p) { return in(0, 1) < p; }

 private:
  Rng rng_;
  uint64_t next_ = 0;
};

// 1 inside an ellipse, falling softly to 0 outside.
double ellipse(double x, double y, double cx, double cy, double rx, double ry, double softness) {
  const double r = std::hypot((x - cx) / rx, (y - cy) / ry);
  return 1.0 / (1.0 + std::exp((r - 1.0) / softness));
}

Anatomy draw_anatomy(Draws& d, bool wide_heart) {
  Anatomy a{};
  a.lung_x = d.in(0.38, 0.46);
  a.lung_width = d.in(0.28, 0.35);
  a.lung_height = d.in(0.60, 0.72);
  a.lung_y = d.in(-0.10, 0.05);
  a.heart_x = d.in(0.06, 0.14);
  a.heart_y = d.in(0.25, 0.38);
  a.heart_width = wide_heart ? d.in(0.44, 0.56) : d.in(0.22, 0.31);
  a.heart_height = d.in(0.30, 0.38);
  a.tilt = d.in(-0.06, 0.06);
  a.brightness = d.in(-0.12, 0.12);
  a.contrast = d.in(0.8, 1.2);
  return a;
}

double ribs(double x, double y, double phase) {
  const double arch = y + 0.35 * x * x;  // ribs fall towards the sides
  const double wave = std::cos((arch * 9.0 + phase) * 2.0);
  return wave > 0.55 ? (wave - 0.55) * 0.28 : 0.0;
}

struct Patch {
  double x, y, radius, side, level;
};

double density(const Anatomy& a, const std::vector<bool>& findings, const Patch& patch, double phase, double x, double y) {
  x += a.tilt * y;
  double value = 0.62 * ellipse(x, y, 0, 0.15, 0.95, 1.25, 0.04);  // the body
  double air = 0;
  for (double side : {-1.0, 1.0}) {
    double lung = ellipse(x, y, side * a.lung_x, a.lung_y, a.lung_width, a.lung_height, 0.05);
    if (findings[1] && side == patch.side) lung *= 1.0 / (1.0 + std::exp((y - patch.level - 0.1 * std::abs(x)) / 0.02));
    air = std::max(air, lung);
  }
  value -= 0.42 * air;
  if (findings[0]) value += 0.27 * air * ellipse(x, y, patch.x, patch.y, patch.radius, patch.radius * 1.2, 0.18);
  value += 0.75 * ribs(x, y, phase) * (0.4 + 0.6 * air);
  value += 0.30 * ellipse(x, y, a.heart_x, a.heart_y, a.heart_width, a.heart_height, 0.05);
  value += 0.20 * std::exp(-x * x / 0.006);  // the spine
  return value;
}

// The mean of all images is made the same, so that brightness alone tells nothing; then each gets a brightness of its own.
void write_pixels(const std::vector<double>& values, const Anatomy& a, const Rng& noise, Image& image) {
  double mean = 0;
  for (double v : values) mean += v / static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double grain = 0.02 * static_cast<double>(noise.normal(i));
    const double v = 0.45 + a.brightness + a.contrast * (values[i] - mean) + grain;
    image.grey[i] = static_cast<uint8_t>(std::clamp(v, 0.0, 1.0) * 255.0 + 0.5);
  }
}

struct Place {
  int64_t patient;
  const char* split;
};

// Patients of one to three images, dealt out 14 : 3 : 3.
std::vector<Place> places(const PhantomOptions& o) {
  std::vector<Place> all;
  const Rng rng(o.seed, 0);
  for (int64_t patient = 0; static_cast<int64_t>(all.size()) < o.count; ++patient) {
    const auto key = static_cast<uint64_t>(patient);
    const uint32_t deal = rng.below(2 * key, 20);
    const char* split = deal < 14 ? "train" : deal < 17 ? "val" : "test";
    const int64_t images = 1 + rng.below(2 * key + 1, 3);
    for (int64_t i = 0; i < images && static_cast<int64_t>(all.size()) < o.count; ++i) all.push_back({patient, split});
  }
  return all;
}

std::string image_name(int64_t number) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "images/%06ld.png", static_cast<long>(number));
  return name.data();
}

}  // namespace

const std::vector<std::string>& phantom_findings() {
  static const std::vector<std::string> names{"Opacity", "Effusion", "Cardiomegaly"};
  return names;
}

Phantom draw_phantom(const PhantomOptions& o, int64_t number) {
  Draws d(Rng(o.seed, 2 * static_cast<uint64_t>(number) + 1));
  Phantom p;
  const bool healthy = d.chance(0.4);
  for (double prevalence : {0.40, 0.35, 0.35}) p.findings.push_back(d.chance(prevalence) && !healthy);
  const Anatomy a = draw_anatomy(d, p.findings[2]);
  Patch patch{};
  const double side = d.chance(0.5) ? 1.0 : -1.0;
  patch.x = side * a.lung_x + d.in(-0.10, 0.10);
  patch.y = a.lung_y + d.in(-0.35, 0.20);
  patch.radius = d.in(0.14, 0.22);
  patch.side = d.chance(0.5) ? 1.0 : -1.0;
  patch.level = d.in(0.15, 0.35);
  const double phase = d.in(0, 3);
  p.image = {o.size, o.size, std::vector<uint8_t>(static_cast<size_t>(o.size * o.size))};
  std::vector<double> values;
  values.reserve(p.image.grey.size());
  const auto coordinate = [&](int64_t i) { return (2.0 * static_cast<double>(i) + 1.0) / static_cast<double>(o.size) - 1.0; };
  for (int64_t y = 0; y < o.size; ++y) {
    for (int64_t x = 0; x < o.size; ++x) values.push_back(density(a, p.findings, patch, phase, coordinate(x), coordinate(y)));
  }
  write_pixels(values, a, Rng(o.seed, 2 * static_cast<uint64_t>(number) + 2), p.image);
  return p;
}

void make_phantoms(const std::filesystem::path& folder, const PhantomOptions& o) {
  make_directories(folder / "images");
  std::vector<std::vector<bool>> findings(static_cast<size_t>(o.count));
  std::atomic<int64_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (int64_t i = next++; i < o.count; i = next++) {
        const Phantom p = draw_phantom(o, i);
        write_png(folder / image_name(i), p.image);
        findings[static_cast<size_t>(i)] = p.findings;
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < o.threads; ++t) workers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  std::string csv = "image,patient,split,No finding";
  for (const std::string& name : phantom_findings()) csv += ',' + name;
  csv += '\n';
  const std::vector<Place> place = places(o);
  for (size_t i = 0; i < findings.size(); ++i) {
    const bool any = std::find(findings[i].begin(), findings[i].end(), true) != findings[i].end();
    csv += image_name(static_cast<int64_t>(i)) + ",P" + std::to_string(place[i].patient) + ',' + place[i].split + (any ? ",0" : ",1");
    for (bool f : findings[i]) csv += f ? ",1" : ",0";
    csv += '\n';
  }
  write_file_atomically(folder / "labels.csv", std::string_view(csv));
}

}  // namespace thorax::data
