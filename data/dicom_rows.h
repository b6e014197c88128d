// What the DICOM files of a table say about themselves, where the table says nothing.
#pragma once

#include "data/manifest.h"

namespace thorax::data {

struct DicomCounts {
  int64_t files = 0;           // of the table, that are DICOM
  int64_t other_modality = 0;  // of these: neither CR, DX nor DR
};

// Reads the headers: age, sex and view of rows where they are not known, and patients. What
// cannot be read is passed over, its image will fail by itself. Without a patient column, rows with the
// same Patient ID (else the same Study Instance UID) become one patient, under a hash in place of the ID: nothing that names a
// person is kept. has_patients becomes true where every row has one.
DicomCounts take_from_dicom(Manifest& manifest, int threads);

}  // namespace thorax::data
