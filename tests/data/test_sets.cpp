#include <doctest/doctest.h>

#include "tests/data/set_files.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

const std::string chexpert_header =
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,"
    "Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n";

SetFiles chexpert() {
  return {
      "train.csv",
      {{"train.csv", chexpert_header +
                         "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,,,,,0.0,"
                         ",,,1.0\n"
                         "CheXpert-v1.0-small/train/patient00002/study2/view1_frontal.jpg,Male,87,Frontal,PA,,,-1.0,1.0,,-1.0,"
                         "-1.0,,-1.0,,-1.0,,1.0,\n"
                         "CheXpert-v1.0-small/train/patient00002/study2/view2_lateral.jpg,Unknown,0,Lateral,,,,-1.0,1.0,,-1.0,"
                         "-1.0,,-1.0,,-1.0,,1.0,\n"},
       {"valid.csv", chexpert_header +
                         "CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,0.0,1.0,1.0,1.0,"
                         "0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n"}}};
}

}  // namespace

TEST_CASE("sets: CheXpert, uncertain labels and empty ones in every way") {
  SetFiles files = chexpert();
  Manifest m = files.read();
  CHECK(m.set == "CheXpert");
  CHECK(m.classes.size() == 14);
  CHECK(m.classes[0] == "No Finding");
  CHECK(m.has_patients);
  CHECK(!m.has_split);
  REQUIRE(m.rows.size() == 3);
  CHECK(m.rows[0].patient == "patient00001");
  CHECK(m.rows[0].file == files.folder / "train/patient00001/study1/view1_frontal.jpg");
  CHECK(m.rows[0].age == 68);
  CHECK(m.rows[0].sex == 'F');
  CHECK(m.rows[0].view == "AP");
  CHECK(m.rows[2].view == "LATERAL");
  CHECK(m.rows[2].sex == '?');
  CHECK(labels_of(m.rows[0]) == "10000000000001");
  CHECK(labels_of(m.rows[1]) == "00?10??0?0?010");
  files.options.uncertain = Uncertain::zeros;
  CHECK(labels_of(files.read().rows[1]) == "00010000000010");
  files.options.uncertain = Uncertain::ones;
  CHECK(labels_of(files.read().rows[1]) == "00110110101010");
  files.options.uncertain = Uncertain::smoothed;
  m = files.read();
  CHECK(labels_of(m.rows[1]) == "00~10~~0~0~010");
  for (const Row& row : m.rows) {
    for (float label : row.labels) CHECK((label == 0 || label == 1 || (label >= 0.55F && label < 0.85F)));
  }
  CHECK(m.rows[1].labels[2] != m.rows[1].labels[5]);
  CHECK(m.rows[1].labels[2] != m.rows[2].labels[2]);
  CHECK(files.read().rows[1].labels[2] == m.rows[1].labels[2]);
  files.options.seed = 2;
  CHECK(files.read().rows[1].labels[2] != m.rows[1].labels[2]);
}

TEST_CASE("sets: CheXpert with empty labels ignored, where No Finding still tells of the others") {
  SetFiles files = chexpert();
  files.options.empty = Empty::ignore;
  const Manifest m = files.read();
  CHECK(labels_of(m.rows[0]) == "10000000000001");
  CHECK(labels_of(m.rows[1]) == "0??1????????1?");
}

TEST_CASE("sets: CheXpert as a folder, its classes by name, frontal views alone") {
  SetFiles files = chexpert();
  files.options.table = files.folder.path();
  files.options.labels = {"Edema", "Cardiomegaly"};
  files.options.frontal = true;
  const Manifest m = files.read();
  CHECK(m.classes == Names{"Edema", "Cardiomegaly"});
  CHECK(m.has_split);
  CHECK(m.of(Split::train).size() == 2);
  CHECK(m.of(Split::val).size() == 1);
  CHECK(labels_of(m.rows[2]) == "01");
  CHECK(m.notes == Names{"1 lateral views are left out"});
  files.options.labels = {"Oedema"};
  CHECK(has(files.error(), "no class is named \"Oedema\""));
  files.options.labels = {"Edema", "Edema"};
  CHECK(has(files.error(), "asked for twice"));
}

TEST_CASE("sets: flags that a data set would pass over are refused, an image column makes it a plain table") {
  SetFiles files = chexpert();
  files.options.patient_column = "Sex";
  CHECK(files.error() == "train.csv: --patient-column does not go with CheXpert");
  files.options.image_column = "Path";
  const Manifest m = files.read();
  CHECK(m.set == "table");
  CHECK(m.rows[0].patient == "Female");
  CHECK(labels_of(m.rows[0])[1] == '?');
}

TEST_CASE("sets: CheXpert's own mistakes") {
  SetFiles files("train.csv", {{"train.csv", chexpert_header + "a/train/p1/s/v.jpg,F,1,Frontal,AP,1,,,,,,,,,,,,,\n"
                                                               "a/train/patient2/s/v.jpg,F,1,Frontal,AP,2,,,,,,,,,,,,,yes\n"}});
  const std::string text = files.error();
  CHECK(has(text, "train.csv: 3 mistakes"));
  CHECK(has(text, "line 2: no patient in the path \"a/train/p1/s/v.jpg\""));
  CHECK(has(text, "line 3: \"No Finding\" is \"2\""));
  CHECK(has(text, "line 3: \"Support Devices\" is \"yes\""));
}

TEST_CASE("sets: NIH ChestX-ray14, with commas in two headings, boxes and the official lists") {
  const std::string header =
      "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],"
      "OriginalImagePixelSpacing[x,y]";
  SetFiles files(
      "Data_Entry_2017.csv",
      {{"Data_Entry_2017.csv", header + ",\n00000001_000.png,Cardiomegaly|Emphysema,0,1,058Y,M,PA,2682,2749,0.143,0.143,\n"
                                        "00000002_000.png,No Finding,0,2,006M,F,AP,2500,2048,0.171,0.171,\n"
                                        "00000002_001.png,Pleural_Thickening,1,2,7,F,AP,2500,2048,0.171,0.171,\n"},
       {"images_003/images/00000002_000.png", "x"},
       {"BBox_List_2017.csv",
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00000001_000.png,Infiltrate,225.1,547,86.8,79.2,,,\n"},
       {"train_val_list.txt", "00000001_000.png\n"},
       {"test_list.txt", "00000002_000.png\r\n00000002_001.png\r\n"}});
  Manifest m = files.read();
  CHECK(m.set == "NIH ChestX-ray14");
  CHECK(m.classes.size() == 14);
  REQUIRE(m.rows.size() == 3);
  CHECK(labels_of(m.rows[0]) == "01000000001000");
  CHECK(labels_of(m.rows[1]) == "00000000000000");
  CHECK(labels_of(m.rows[2]) == "00000000000010");
  CHECK(m.rows[0].age == 58);
  CHECK(m.rows[1].age == 0.5F);
  CHECK(m.rows[2].age == 7);
  CHECK(m.rows[1].sex == 'F');
  CHECK(m.rows[1].view == "AP");
  CHECK(m.rows[1].file == files.folder / "images_003/images/00000002_000.png");
  CHECK(m.rows[0].split == Split::train);
  CHECK(m.rows[2].split == Split::test);
  REQUIRE(m.rows[0].boxes.size() == 1);
  CHECK(m.rows[0].boxes[0].finding == "Infiltration");
  CHECK(m.rows[0].boxes[0].y == 547);
  CHECK(m.rows[0].boxes[0].width == 86.8F);
  files.options.labels = {"No Finding", "Emphysema"};
  m = files.read();
  CHECK(labels_of(m.rows[0]) == "01");
  CHECK(labels_of(m.rows[1]) == "10");
  // The 2020 copy, without the comma behind its last heading; the sex under another name.
  std::string other = header + "\n00000001_000.png,Fibrosis|Rash,0,,58,M,PA,1,1,1,1\n";
  other.replace(other.find("Patient Gender"), 14, "Patient Sex");
  write_text(files.options.table, other);
  const std::string text = files.error();
  CHECK(has(text, "line 2: no finding of ChestX-ray14 is called \"Rash\""));
  CHECK(has(text, "line 2: the patient is empty"));
}

TEST_CASE("sets: MIMIC-CXR-JPG, labels by study, images from the metadata, split from its table") {
  SetFiles files(
      "mimic-cxr-2.0.0-chexpert.csv",
      {{"mimic-cxr-2.0.0-chexpert.csv",
        "subject_id,study_id,Atelectasis,Enlarged Cardiomediastinum,No Finding,Support Devices\n"
        "10000032,50414267,,,1.0,\n10000032,53189527,1.0,-1.0,,0.0\n"},
       {"mimic-cxr-2.0.0-metadata.csv",
        "dicom_id,subject_id,study_id,ViewPosition\n02aa804e,10000032,50414267,PA\n174413ec,10000032,50414267,LATERAL\n"
        "2a2277a9,10000032,53189527,AP\nffffffff,10000033,1,AP\n"},
       {"mimic-cxr-2.0.0-split.csv",
        "dicom_id,study_id,subject_id,split\n02aa804e,50414267,10000032,train\n174413ec,50414267,10000032,validate\n"
        "2a2277a9,53189527,10000032,test\n"}});
  const Manifest m = files.read();
  CHECK(m.set == "MIMIC-CXR-JPG");
  REQUIRE(m.rows.size() == 3);
  CHECK(m.classes == Names{"No Finding", "Enlarged Cardiomediastinum", "Atelectasis", "Support Devices"});
  CHECK(labels_of(m.rows[0]) == "1000");
  CHECK(labels_of(m.rows[2]) == "0?10");
  CHECK(m.rows[0].file == files.folder / "files/p10/p10000032/s50414267/02aa804e.jpg");
  CHECK(m.rows[1].patient == "10000032");
  CHECK(m.rows[1].split == Split::val);
  CHECK(m.rows[1].view == "LATERAL");
  CHECK(m.notes == Names{"1 images of studies without labels are left out"});
  files.add("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\n02aa804e,50414267,10000032,part\n");
  CHECK(has(files.error(), "mimic-cxr-2.0.0-split.csv: line 2: the split is \"part\""));
  std::filesystem::remove(files.folder / "mimic-cxr-2.0.0-metadata.csv");
  CHECK(has(files.error(), "the metadata are expected beside it"));
}

TEST_CASE("sets: VinDr-PCXR, the paper's ten classes from labels of images and boxes") {
  SetFiles files(
      "", {{"image_labels_train.csv",
            "image_id,rad_ID,No finding,Bronchitis,Brocho-pneumonia,Other disease,Bronchiolitis,Situs inversus,Pneumonia\n"
            "a1,R1,1,0,0,0,0,0,0\nb2,R2,0,1.0,0,0,0,1,1\n"},
           {"image_labels_test.csv",
            "image_id,rad_ID,No finding,Bronchitis,Brocho-pneumonia,Other disease,Bronchiolitis,Situs inversus,Pneumonia\n"
            "c3,R1,0,0,1,0,0,0,0\n"},
           {"annotations_train.csv",
            "image_id,rad_ID,class_name,x_min,y_min,x_max,y_max\na1,R1,No finding,,,,\nb2,R2,Bronchial thickening,10,20,30,60\n"
            "b2,R2,Bronchial thickening,1,2,3,4\nb2,R2,Clavicle fracture,5,5,9,9\n"},
           {"annotations_test.csv", "image_id,rad_ID,class_name,x_min,y_min,x_max,y_max\nc3,R1,Other opacity,0,0,5,5\n"},
           {"train/a1.dicom", "x"},
           {"test/c3.png", "x"}});
  Manifest m = files.read();
  CHECK(m.set == "VinDr-PCXR");
  CHECK(m.classes.size() == 10);
  REQUIRE(m.rows.size() == 3);
  CHECK(labels_of(m.rows[0]) == "0000100000");
  CHECK(labels_of(m.rows[1]) == "0001010001");
  CHECK(labels_of(m.rows[2]) == "1000001000");
  CHECK(!m.has_patients);
  CHECK(m.rows[0].split == Split::train);
  CHECK(m.rows[2].split == Split::test);
  CHECK(m.rows[0].file == files.folder / "train/a1.dicom");
  CHECK(m.rows[2].file == files.folder / "test/c3.png");
  REQUIRE(m.rows[1].boxes.size() == 3);
  CHECK(m.rows[1].boxes[0].width == 20);
  CHECK(m.rows[1].boxes[0].height == 40);
  files.options.labels = {"Clavicle fracture", "Situs inversus"};
  files.options.table = files.folder / "image_labels_train.csv";
  m = files.read();
  CHECK(labels_of(m.rows[1]) == "11");
  CHECK(!m.has_split);
  std::filesystem::remove(files.folder / "annotations_train.csv");
  CHECK(has(files.error(), "its boxes are expected beside it"));
  files.options.labels = {"Situs inversus"};
  CHECK(labels_of(files.read().rows[1]) == "1");
}

TEST_CASE("sets: VinDr-CXR, three readers, any and majority") {
  SetFiles files("image_labels_train.csv", {{"image_labels_train.csv",
                                             "image_id,rad_id,Aortic enlargement,Atelectasis,No finding\n"
                                             "a,R1,1,0,0\na,R2,1,1,0\na,R3,0,0,1\nb,R1,0,0,1\nb,R2,0,0,1\nb,R3,0,0,1\n"}});
  Manifest m = files.read();
  CHECK(m.set == "VinDr-CXR");
  REQUIRE(m.rows.size() == 2);
  CHECK(m.classes == Names{"Aortic enlargement", "Atelectasis", "No finding"});
  CHECK(labels_of(m.rows[0]) == "100");
  CHECK(labels_of(m.rows[1]) == "001");
  files.options.readers = Readers::any;
  m = files.read();
  CHECK(labels_of(m.rows[0]) == "110");
  CHECK(labels_of(m.rows[1]) == "001");
  files.add("image_labels_train.csv", "image_id,rad_id,Aortic enlargement,No finding\na,R1,1,0\na,R1,1,\n");
  const std::string text = files.error();
  CHECK(has(text, "line 3: the same image by the same reader again"));
  CHECK(has(text, "line 3: \"No finding\" is \"\""));
  // The table of the competition: a row per box.
  files.add("image_labels_train.csv",
            "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\na,No finding,14,R1,,,,\na,Cardiomegaly,3,R2,1,2,11,22\n"
            "a,Cardiomegaly,3,R3,2,2,12,22\na,Cardiomegaly,3,R3,2,2,12,22\n");
  files.options.readers = Readers::majority;
  m = files.read();
  CHECK(m.classes == Names{"Cardiomegaly", "No finding"});
  CHECK(labels_of(m.rows[0]) == "10");
  CHECK(m.rows[0].boxes.size() == 3);
  CHECK(m.rows[0].boxes[0].height == 20);
}

TEST_CASE("sets: RSNA, a row per box, and its detailed classes") {
  SetFiles files("stage_2_train_labels.csv",
                 {{"stage_2_train_labels.csv",
                   "patientId,x,y,width,height,Target\np1,,,,,0\np2,264.0,152.0,213.0,379.0,1\np2,562.0,152.0,256.0,453.0,1\n"}});
  Manifest m = files.read();
  CHECK(m.set == "RSNA Pneumonia");
  REQUIRE(m.rows.size() == 2);
  CHECK(m.classes == Names{"Lung Opacity"});
  CHECK(labels_of(m.rows[0]) == "0");
  CHECK(labels_of(m.rows[1]) == "1");
  CHECK(m.rows[1].boxes.size() == 2);
  CHECK(!m.has_patients);
  files.add("stage_2_detailed_class_info.csv",
            "patientId,class\np1,No Lung Opacity / Not Normal\np2,Lung Opacity\np2,Lung Opacity\n");
  m = files.read();
  CHECK(m.classes == Names{"Normal", "No Lung Opacity / Not Normal", "Lung Opacity"});
  CHECK(labels_of(m.rows[0]) == "010");
  CHECK(labels_of(m.rows[1]) == "001");
  files.add("stage_2_train_labels.csv", "patientId,x,y,width,height,Target\np3,1,2,x,4,2\n");
  const std::string text = files.error();
  CHECK(has(text, "line 2: \"Target\" is \"2\""));
  CHECK(has(text, "line 2: \"width\" is \"x\"; a number is expected"));
  CHECK(has(text, "line 2: the image has no class"));
}

TEST_CASE("sets: PadChest, lists of labels in a cell") {
  SetFiles files("p.csv", {{"p.csv",
                            "ImageID,StudyDate_DICOM,PatientID,PatientBirth,PatientSex_DICOM,Projection,Labels\n"
                            "a.png,20140915,839860,1930.0,F,L,\"['cardiomegaly', ' pleural effusion', '']\"\n"
                            "b.png,20140915,839861,1950.0,M,PA,['cardiomegaly']\n"
                            "c.png,2014,839862,,M,PA,\n"}});
  Manifest m = files.read();
  CHECK(m.set == "PadChest");
  CHECK(m.classes == Names{"cardiomegaly", "pleural effusion"});
  REQUIRE(m.rows.size() == 3);
  CHECK(labels_of(m.rows[0]) == "11");
  CHECK(labels_of(m.rows[1]) == "10");
  CHECK(labels_of(m.rows[2]) == "??");
  CHECK(m.rows[0].age == 84);
  CHECK(std::isnan(m.rows[2].age));
  CHECK(m.rows[0].view == "LATERAL");
  files.options.frontal = true;
  CHECK(files.read().rows.size() == 2);
  files.add("p.csv", "ImageID,PatientID,Projection,Labels\na.png,1,PA,['open\n");
  CHECK(has(files.error(), "line 2: \"Labels\" is \"['open\""));
}
