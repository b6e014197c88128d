// The images of a training run: the table read and checked, its split, the counts that the loss needs.
#pragma once

#include <vector>

#include "apps/train_config.h"
#include "data/cache.h"
#include "data/dicom_rows.h"

namespace thorax {

struct TrainData {
  data::Manifest manifest;
  std::vector<size_t> train, val, test;  // rows
  ClassCounts counts;                    // of the training images
  data::DicomCounts dicom;
  std::shared_ptr<const data::CachedImages> cache;  // or none
  std::string cache_line;                           // what a person should know of it
  bool split_here = false;                          // the table did not tell all of it
  bool val_here = false;                            // only that val is missing: a part of train was taken
};

// Reads the table, drops or refuses unreadable images, makes the split where the table has none, finds the cache.
// Prints nothing.
// dropped: how many unreadable images were left out (skip_bad).
TrainData load_train_data(const TrainConfig& config, int64_t& dropped);

// The lines about the data that a run begins with.
void print_data(const TrainConfig& config, const TrainData& data, int64_t dropped);

}  // namespace thorax
