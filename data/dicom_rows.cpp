#include "data/dicom_rows.h"

#include <atomic>
#include <thread>

#include "data/dicom.h"
#include "data/dicom_describe.h"
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
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> files = 0;
  std::atomic<int64_t> other = 0;
  std::atomic<size_t> known = 0;
  const auto work = [&] {
    for (size_t i = next++; i < manifest.rows.size(); i = next++) {
      const auto dicom = header_of(manifest.rows[i].file);
      if (!dicom) continue;
      ++files;
      if (!modality_warning(*dicom).empty()) ++other;
      const std::string& name = dicom->person.patient.empty() ? dicom->person.study : dicom->person.patient;
      if (manifest.has_patients || name.empty()) continue;
      manifest.rows[i].patient = hashed(name);
      ++known;
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 1; t < threads; ++t) workers.emplace_back(work);
    work();
  }
  if (known > 0 && known == manifest.rows.size()) manifest.has_patients = true;
  return {files, other};
}

}  // namespace thorax::data
