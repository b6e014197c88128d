// Synthetic chest radiographs of children, to try things with: not a model of any disease. The same seed makes the same files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/image.h"
#include "data/manifest.h"
#include "data/phantom_findings.h"

namespace thorax::data {

struct PhantomOptions {
  int64_t count = 600;
  int64_t size = 256;  // pixels a side
  uint64_t seed = 1;
  int threads = 1;
  std::vector<Finding> findings;  // empty: the ten of the paper, as common as there; else these alone (phantom_findings.h)
  bool dicom = false;             // else PNG
};

struct Phantom {
  int64_t size = 0;
  std::vector<float> values;  // [size,size], 0 black to 1 white
  Findings findings{};
  std::vector<Box> boxes;  // around the signs of each finding, one for each lung that shows it
  double age = 0;          // in years
  char sex = 'F';
};

// Image `number` of this patient, a function of (seed, patient, number): age, sex and the build of the chest are the patient's,
// all else is the image's. How bright an image is tells nothing of its findings.
Phantom draw_phantom(const PhantomOptions& options, int64_t patient, int64_t number);
// The same child and image with these findings.
Phantom draw_phantom(const PhantomOptions& options, int64_t patient, int64_t number, const Findings& findings);

// 8 bits
Image grey_image(const Phantom& phantom);

// The fewest images of this seed that have three patients, one for each split.
int64_t fewest_phantoms(uint64_t seed);

// folder/images/000000.png (or .dcm), ..., folder/boxes.csv (image, class_name, x_min, y_min, x_max, y_max, in pixels) and, as
// the last, folder/labels.csv: image, patient, age, sex, split and the findings; with DICOM patient, age and sex stand in the
// images alone. A patient has one to three images; 70/15/15 by patient. count: at least fewest_phantoms(). Throws Error(machine)
// when something cannot be written.
void make_phantoms(const std::filesystem::path& folder, const PhantomOptions& options);

}  // namespace thorax::data
