#include <doctest/doctest.h>

#include "data/dicom_rows.h"
#include "tests/data/dicom_maker.h"
#include "tests/temporary_folder.h"

using namespace thorax::data;
using namespace thorax::test;

namespace {

Manifest table(const TemporaryFolder& folder, const std::vector<DicomMaker>& files) {
  Manifest m;
  for (size_t i = 0; i < files.size(); ++i) {
    Row row;
    row.image = std::to_string(i) + ".dcm";
    row.patient = row.image;
    row.file = folder / row.image;
    write_text(row.file, files[i].file());
    m.rows.push_back(row);
  }
  return m;
}

DicomMaker of(const std::string& patient, const std::string& study = "") {
  DicomMaker m;
  if (!patient.empty()) m.text(0x00100020, "LO", patient);
  if (!study.empty()) m.text(0x0020000D, "UI", study);
  return m;
}

}  // namespace

TEST_CASE("dicom rows: images of one patient, or else of one study, belong together, under a hash") {
  const TemporaryFolder folder;
  Manifest m = table(folder, {of("CANARY-1"), of("CANARY-1"), of("CANARY-2"), of("", "1.2"), of("", "1.2")});
  const DicomCounts counts = take_from_dicom(m, 2);
  CHECK(counts.files == 5);
  CHECK(counts.other_modality == 0);
  CHECK(m.has_patients);
  CHECK(m.rows[0].patient == m.rows[1].patient);
  CHECK(m.rows[0].patient != m.rows[2].patient);
  CHECK(m.rows[3].patient == m.rows[4].patient);
  for (const Row& row : m.rows) CHECK(row.patient.find("CANARY") == std::string::npos);
}

TEST_CASE("dicom rows: what the table says stays, what cannot be read is passed over") {
  const TemporaryFolder folder;
  Manifest m = table(folder, {of("A"), of("A"), of("").text(0x00080060, "CS", "MR")});
  m.has_patients = true;
  CHECK(take_from_dicom(m, 1).other_modality == 1);
  CHECK(m.rows[0].patient == "0.dcm");
  m.has_patients = false;
  write_text(m.rows[1].file, "no image");
  CHECK(take_from_dicom(m, 1).files == 2);
  CHECK(!m.has_patients);
  CHECK(m.rows[1].patient == "1.dcm");
}

TEST_CASE("dicom rows: age, sex and view, where the table does not tell") {
  const TemporaryFolder folder;
  DicomMaker maker = of("A");
  maker.text(0x00100040, "CS", "F").text(0x00101010, "AS", "006M").text(0x00185101, "CS", "AP");
  Manifest m = table(folder, {maker, maker});
  m.rows[1].age = 7;
  m.rows[1].sex = 'M';
  m.rows[1].view = "PA";
  take_from_dicom(m, 1);
  CHECK(m.rows[0].age == 0.5F);
  CHECK(m.rows[0].sex == 'F');
  CHECK(m.rows[0].view == "AP");
  CHECK(m.rows[1].age == 7);
  CHECK(m.rows[1].sex == 'M');
  CHECK(m.rows[1].view == "PA");
}

TEST_CASE("dicom rows: --frontal leaves out what only the DICOM file calls lateral") {
  const TemporaryFolder folder;
  const auto view = [](const std::string& name) { return of("A").text(0x00185101, "CS", name).file(); };
  write_text(folder / "a.dcm", view("AP"));
  write_text(folder / "b.dcm", view("LL"));
  write_text(folder / "c.dcm", view("LL"));
  write_text(folder / "t.csv", "image,view,split,A\na.dcm,,train,1\nb.dcm,,train,0\nc.dcm,PA,train,0\n");
  write_text(folder / "s.csv", "image,patient,split\na.dcm,1,train\nc.dcm,1,val\n");
  ManifestOptions options;
  options.table = folder / "t.csv";
  options.frontal = true;
  options.split_file = folder / "s.csv";  // written without the lateral one
  const Manifest m = read_manifest(options);
  REQUIRE(m.rows.size() == 2);
  CHECK(m.rows[0].image == "a.dcm");
  CHECK(m.rows[1].image == "c.dcm");  // the table goes before the file
}
