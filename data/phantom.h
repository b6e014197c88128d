// Synthetic chest radiographs, to try things with: not a model of any disease. The same seed makes the same files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/image.h"

namespace thorax::data {

struct PhantomOptions {
  int64_t count = 600;
  int64_t size = 256;  // pixels a side
  uint64_t seed = 1;
  int threads = 1;
};

struct Phantom {
  Image image;
  std::vector<bool> findings;  // as phantom_findings()
};

// Opacity (a hazy patch in a lung), Effusion (the base of a lung filled up to a meniscus), Cardiomegaly (a wide heart). How
// bright an image is tells nothing of them.
const std::vector<std::string>& phantom_findings();

// Image `number` of this patient, a function of (seed, patient, number): the build of the chest and the size of the heart are the
// patient's, all else is the image's.
Phantom draw_phantom(const PhantomOptions& options, int64_t patient, int64_t number);

// folder/images/000000.png, ... and, as the last, folder/labels.csv (image, patient, split, No finding, the findings). A patient
// has one to three images; 70/15/15 by patient. Throws Error(machine) when something cannot be written.
void make_phantoms(const std::filesystem::path& folder, const PhantomOptions& options);

}  // namespace thorax::data
