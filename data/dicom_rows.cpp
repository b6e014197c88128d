#include "data/dicom_rows.h"

#include <atomic>
#include <cmath>

#include "data/dicom.h"
#include "data/dicom_describe.h"
#include "data/parallel.h"
#include "data/sha256.h"
#include "data/source.h"
#include "tensor/file.h"

namespace thorax::data {

namespace {

std::optional<Dicom> header_of(const std::filesystem::path& file) {
  try {
    Source source(file);
    constexpr size_t enough = 132;
    if (source.size() < enough || !is_dicom(source.read(0, enough))) return std::nullopt;
    const MappedFile mapped(file);
    Dicom dicom = read_dicom({reinterpret_cast<const uint8_t*>(mapped.bytes().data()), mapped.bytes().size()}, Look::header);
    dicom.pixels = {};  // lay in the file
    return dicom;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string hashed(const std::string& name) {
  return "dicom-" + sha256({reinterpret_cast<const uint8_t*>(name.data()), name.size()}).substr(0, 16);
}

}  // namespace

DicomCounts take_from_dicom(Manifest& manifest, int threads) {
  std::atomic<int64_t> files = 0;
  std::atomic<int64_t> other = 0;
  std::atomic<size_t> known = 0;
  in_parallel(manifest.rows.size(), threads, [&](size_t i) {
    Row& row = manifest.rows[i];
    const auto dicom = header_of(row.file);
    if (!dicom) return;
    ++files;
    if (!modality_warning(*dicom).empty()) ++other;
    const DicomPerson& person = dicom->person;
    if (std::isnan(row.age) && person.age_years) row.age = static_cast<float>(*person.age_years);
    if (row.sex == '?' && (person.sex == "F" || person.sex == "M")) row.sex = person.sex[0];
    if (row.view.empty()) row.view = person.view;
    const std::string& name = person.patient.empty() ? person.study : person.patient;
    if (manifest.has_patients || name.empty()) return;
    row.patient = hashed(name);
    ++known;
  });
  if (known > 0 && known == manifest.rows.size()) manifest.has_patients = true;
  return {files, other};
}

}  // namespace thorax::data
