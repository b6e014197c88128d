#include "data/phantom.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include "data/csv.h"
#include "data/phantom_anatomy.h"
#include "data/split.h"
#include "data/streams.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace thorax::data {

namespace {

// The mean of all images is made the same, so that brightness alone tells nothing; then each gets a brightness and a contrast of
// its own, and grain.
std::vector<uint8_t> exposed(const std::vector<double>& values, Draws& draws, const Rng& grain) {
  const double brightness = draws.in(0.38, 0.56);
  const double contrast = draws.in(0.8, 1.15);
  double mean = 0;
  for (double v : values) mean += v / static_cast<double>(values.size());
  std::vector<uint8_t> grey(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double v = brightness + contrast * (values[i] - mean) + 0.025 * static_cast<double>(grain.normal(i));
    grey[i] = static_cast<uint8_t>(std::clamp(v, 0.0, 1.0) * 255.0 + 0.5);
  }
  return grey;
}

std::string image_name(int64_t number) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "images/%06lld.png", static_cast<long long>(number));
  return name.data();
}

// One row per image; patients of one to three images.
Manifest make_rows(const PhantomOptions& o) {
  Manifest manifest;
  const Rng rng(o.seed, stream(Purpose::split, 1));
  for (uint32_t patient = 0; static_cast<int64_t>(manifest.rows.size()) < o.count; ++patient) {
    const uint32_t images = 1 + rng.below(patient, 3);
    for (uint32_t i = 0; i < images && static_cast<int64_t>(manifest.rows.size()) < o.count; ++i) {
      Row row;
      row.image = image_name(static_cast<int64_t>(manifest.rows.size()));
      row.patient = str("P", patient);
      row.line = patient;
      manifest.rows.push_back(row);
    }
  }
  split_by_patient(manifest, o.seed);
  return manifest;
}

std::string table(const Manifest& manifest, const std::vector<std::vector<bool>>& findings) {
  std::string csv = "image,patient,split,No finding";
  for (const std::string& name : phantom_findings()) csv += ',' + name;
  csv += '\n';
  for (size_t i = 0; i < findings.size(); ++i) {
    const Row& row = manifest.rows[i];
    const bool any = std::find(findings[i].begin(), findings[i].end(), true) != findings[i].end();
    csv += csv_text(row.image) + ',' + csv_text(row.patient) + ',' + name_of(row.split) + (any ? ",0" : ",1");
    for (bool f : findings[i]) csv += f ? ",1" : ",0";
    csv += '\n';
  }
  return csv;
}

}  // namespace

const std::vector<std::string>& phantom_findings() {
  static const std::vector<std::string> names{"Opacity", "Effusion", "Cardiomegaly"};
  return names;
}

Phantom draw_phantom(const PhantomOptions& o, int64_t patient, int64_t number) {
  Draws of_patient(Rng(o.seed, stream(Purpose::phantom_patient, static_cast<uint64_t>(patient))));
  Draws of_image(Rng(o.seed, stream(Purpose::phantom_image, static_cast<uint64_t>(number))));
  const Anatomy anatomy = draw_anatomy(of_patient);
  const Signs signs = draw_signs(of_image, anatomy);
  std::vector<double> values;
  values.reserve(static_cast<size_t>(o.size * o.size));
  const auto coordinate = [&](int64_t i) { return (2.0 * static_cast<double>(i) + 1.0) / static_cast<double>(o.size) - 1.0; };
  for (int64_t y = 0; y < o.size; ++y) {
    for (int64_t x = 0; x < o.size; ++x) values.push_back(density(anatomy, signs, coordinate(x), coordinate(y)));
  }
  const Rng grain(o.seed, stream(Purpose::phantom_noise, static_cast<uint64_t>(number)));
  return {{o.size, o.size, exposed(values, of_image, grain)}, {signs.opacity, signs.effusion, anatomy.wide_heart}};
}

void make_phantoms(const std::filesystem::path& folder, const PhantomOptions& o) {
  const Manifest manifest = make_rows(o);
  make_directories(folder / "images");
  std::vector<std::vector<bool>> findings(manifest.rows.size());
  std::atomic<size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (size_t i = next++; i < findings.size(); i = next++) {
        Phantom p = draw_phantom(o, manifest.rows[i].line, static_cast<int64_t>(i));
        write_png(folder / manifest.rows[i].image, p.image);
        findings[i] = std::move(p.findings);
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
      next = findings.size();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < o.threads; ++t) workers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  write_file_atomically(folder / "labels.csv", std::string_view(table(manifest, findings)));
}

}  // namespace thorax::data
