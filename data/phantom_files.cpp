// Phantoms as files.
#include <algorithm>
#include <array>
#include <cstdio>

#include "data/csv.h"
#include "data/parallel.h"
#include "data/phantom.h"
#include "data/phantom_dicom.h"
#include "data/split.h"
#include "data/streams.h"
#include "tensor/error.h"
#include "tensor/file.h"

namespace thorax::data {

namespace {

std::string image_name(int64_t number, bool dicom) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "images/%06lld.%s", static_cast<long long>(number), dicom ? "dcm" : "png");
  return name.data();
}

uint32_t images_of(const Rng& rng, uint32_t patient) {
  return 1 + rng.below(patient, 3);
}

Rng patients_of(uint64_t seed) {
  return {seed, stream(Purpose::split, 1)};
}

// One row per image; patients of one to three images.
Manifest make_rows(const PhantomOptions& o) {
  Manifest manifest;
  const Rng rng = patients_of(o.seed);
  for (uint32_t patient = 0; static_cast<int64_t>(manifest.rows.size()) < o.count; ++patient) {
    const uint32_t images = images_of(rng, patient);
    for (uint32_t i = 0; i < images && static_cast<int64_t>(manifest.rows.size()) < o.count; ++i) {
      Row row;
      row.image = image_name(static_cast<int64_t>(manifest.rows.size()), o.dicom);
      row.patient = str("P", patient);
      row.line = patient;
      manifest.rows.push_back(row);
    }
  }
  split_by_patient(manifest, o.seed);
  return manifest;
}

// The classes of the table, in the paper's order.
std::vector<Finding> classes_of(const PhantomOptions& o) {
  std::vector<Finding> classes;
  for (size_t k = 0; k < finding_count; ++k) {
    const auto finding = static_cast<Finding>(k);
    if (o.findings.empty() || k == no_finding || std::find(o.findings.begin(), o.findings.end(), finding) != o.findings.end())
      classes.push_back(finding);
  }
  return classes;
}

// What the table says of an image that has been written.
struct Written {
  Findings findings{};
  std::vector<Box> boxes;
  std::string age;
  char sex = 'F';
};

std::string labels_csv(const PhantomOptions& o, const Manifest& manifest, const std::vector<Written>& images) {
  const std::vector<Finding> classes = classes_of(o);
  std::string csv = o.dicom ? "image,split" : "image,patient,age,sex,split";
  for (Finding k : classes) csv += ',' + paper_classes()[k];
  csv += '\n';
  for (size_t i = 0; i < images.size(); ++i) {
    const Row& row = manifest.rows[i];
    csv += csv_text(row.image);
    if (!o.dicom) csv += ',' + csv_text(row.patient) + ',' + images[i].age + ',' + images[i].sex;
    csv += str(',', name_of(row.split));
    for (Finding k : classes) csv += images[i].findings[k] ? ",1" : ",0";
    csv += '\n';
  }
  return csv;
}

std::string boxes_csv(const Manifest& manifest, const std::vector<Written>& images) {
  std::string csv = "image,class_name,x_min,y_min,x_max,y_max\n";
  for (size_t i = 0; i < images.size(); ++i) {
    for (const Box& b : images[i].boxes)
      csv += csv_text(manifest.rows[i].image) +
             str(',', b.finding, ',', b.x, ',', b.y, ',', b.x + b.width, ',', b.y + b.height, '\n');
  }
  return csv;
}

Written write_phantom(const std::filesystem::path& folder, const PhantomOptions& o, const Row& row, int64_t number) {
  Phantom p = draw_phantom(o, row.line, number);
  if (o.dicom) {
    const std::vector<uint8_t> file = phantom_dicom(p, row.patient, o.seed, number);
    write_file_atomically(folder / row.image, std::as_bytes(std::span(file)));
  } else {
    write_png(folder / row.image, grey_image(p));
  }
  return {p.findings, std::move(p.boxes), age_string(p.age), p.sex};
}

}  // namespace

int64_t fewest_phantoms(uint64_t seed) {
  const Rng rng = patients_of(seed);
  return int64_t{1} + images_of(rng, 0) + images_of(rng, 1);
}

void make_phantoms(const std::filesystem::path& folder, const PhantomOptions& o) {
  const Manifest manifest = make_rows(o);
  make_directories(folder / "images");
  std::vector<Written> images(manifest.rows.size());
  in_parallel(images.size(), o.threads,
              [&](size_t i) { images[i] = write_phantom(folder, o, manifest.rows[i], static_cast<int64_t>(i)); });
  write_file_atomically(folder / "boxes.csv", std::string_view(boxes_csv(manifest, images)));
  write_file_atomically(folder / "labels.csv", std::string_view(labels_csv(o, manifest, images)));
}

}  // namespace thorax::data
