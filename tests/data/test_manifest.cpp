#include <doctest/doctest.h>

#include <cmath>

#include "data/manifest.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

using Names = std::vector<std::string>;

struct Table {
  explicit Table(const std::string& text) {
    options.table = folder / "t.csv";
    write_text(options.table, text);
  }
  Manifest read() const { return read_manifest(options); }
  std::string error() const {
    return input_error([&] { read(); });
  }
  TemporaryFolder folder;
  ManifestOptions options;
};

}  // namespace

TEST_CASE("manifest: columns are found, labels understood, paths made from the table's folder") {
  const Table t(
      "image,patient,split,age,A,B\n"
      "a.png,p1,train,3,1,0\n"
      "sub/b.png,p1,Training,4,0.0,\n"
      "/abs/c.png,p2, VALID ,5,-1,1.0\n"
      "d.png,p3,dev,6,,-1.0\n"
      "e.png,p4,testing,7, 1 ,1.\n");
  const Manifest m = t.read();
  CHECK(m.classes == Names{"A", "B"});
  CHECK(m.has_patients);
  CHECK(m.has_split);
  REQUIRE(m.rows.size() == 5);
  CHECK(m.rows[1].file == t.folder / "sub/b.png");
  CHECK(m.rows[1].image == "sub/b.png");
  CHECK(m.rows[2].file == "/abs/c.png");
  CHECK(m.rows[4].line == 6);
  CHECK(m.of(Split::train) == std::vector<size_t>{0, 1});
  CHECK(m.of(Split::val) == std::vector<size_t>{2, 3});
  CHECK(m.of(Split::test) == std::vector<size_t>{4});
  CHECK(m.of(Split::none).empty());
  CHECK(m.rows[0].labels[0] == 1);
  CHECK(m.rows[1].labels[0] == 0);
  CHECK(std::isnan(m.rows[1].labels[1]));
  CHECK(std::isnan(m.rows[2].labels[0]));
  CHECK(m.rows[2].labels[1] == 1);
  CHECK(std::isnan(m.rows[3].labels[1]));
  CHECK(m.rows[4].labels[1] == 1);
  CHECK(m.notes.empty());
}

TEST_CASE("manifest: every spelling of a split") {
  for (const auto& [word, split] : std::vector<std::pair<std::string, Split>>{{"train", Split::train},
                                                                              {"TRAINING", Split::train},
                                                                              {"val", Split::val},
                                                                              {"valid", Split::val},
                                                                              {"validate", Split::val},
                                                                              {"Validation", Split::val},
                                                                              {"dev", Split::val},
                                                                              {"test", Split::test},
                                                                              {"Testing", Split::test}}) {
    CHECK(Table("image,split,A\na," + word + ",1\n").read().rows[0].split == split);
  }
  CHECK(Table("image,split,A\na,holdout,1\n").error() ==
        "t.csv: line 2: the split is \"holdout\"; train, val or test is expected");
  CHECK(has(Table("image,split,A\na,,1\n").error(), "the split is \"\""));
}

TEST_CASE("manifest: every usual name of the image column, and names that are given") {
  for (const char* name : {"image", "file", "path", "Path", "Image Index", "image_id"})
    CHECK(Table(std::string(name) + ",A\nx,1\n").read().rows[0].image == "x");
  Table t("image,scan,who,part,A\nx,y,Ann,train,1\n");
  t.options.image_column = "scan";
  t.options.patient_column = "who";
  t.options.split_column = "part";
  t.options.root = "/data";
  const Manifest m = t.read();
  CHECK(m.rows[0].file == "/data/y");
  CHECK(m.rows[0].patient == "Ann");
  CHECK(m.rows[0].split == Split::train);
  t.options.patient_column = "whom";
  CHECK(has(t.error(), "no column is named \"whom\""));
  CHECK(has(Table("picture,A\nx,1\n").error(), "no image column"));
}

TEST_CASE("manifest: without patients every image is one of its own, without a split there is none") {
  const Manifest m = Table("file,A\na,1\nb,0\n").read();
  CHECK(!m.has_patients);
  CHECK(!m.has_split);
  CHECK(m.rows[0].patient == "a");
  CHECK(m.of(Split::none).size() == 2);
}

TEST_CASE("manifest: which columns are labels") {
  CHECK(Table("image,A,words,B,empty,uncertain,\na,1,x,0,,-1,\nb,0,1,1,,,\n").read().classes == Names{"A", "B"});
  Table t("image,A,B,words\na,1,0,x\n");
  t.options.labels = {"B", "A"};
  const Manifest m = t.read();
  CHECK(m.classes == Names{"B", "A"});
  CHECK(m.rows[0].labels == std::vector<float>{0, 1});
  t.options.labels = {"B", "C"};
  CHECK(has(t.error(), "no column is named \"C\""));
  t.options.labels = {"B", "B"};
  CHECK(has(t.error(), "the label \"B\" is asked for twice"));
  t.options.labels = {"image"};
  CHECK(has(t.error(), "\"image\" cannot be a label"));
  t.options.labels = {"words"};
  CHECK(t.error() == "t.csv: line 2: \"words\" is \"x\"; a label is 0, 1, -1 (uncertain) or empty");
  CHECK(has(Table("image,words\na,x\n").error(), "no label column"));
}

TEST_CASE("manifest: a class that a typing error would make disappear is mentioned") {
  std::string text = "image,A,B\n";
  for (int i = 0; i < 20; ++i) text += "i" + std::to_string(i) + ",1," + (i == 7 ? "yes" : "0") + "\n";
  const Manifest m = Table(text).read();
  CHECK(m.classes == Names{"A"});
  CHECK(m.notes == Names{"column \"B\" is not taken as a label: line 9 is \"yes\""});
}

TEST_CASE("manifest: all mistakes of a table together") {
  Table t(
      "image,patient,split,A\n"
      "a,p,train,1\n"
      "a,p,train,1\n"
      "b,,trian,2\n"
      ",p,val,0\n"
      "c,p,val\n"
      "./a,p,val,1\n");
  t.options.labels = {"A"};
  const std::string text = t.error();
  CHECK(has(text, "t.csv: 7 mistakes:"));
  CHECK(has(text, "line 3: the image of line 2 again"));
  CHECK(has(text, "line 4: the patient is empty"));
  CHECK(has(text, "line 4: the split is \"trian\""));
  CHECK(has(text, "line 4: \"A\" is \"2\""));
  CHECK(has(text, "line 5: the image is empty"));
  CHECK(has(text, "line 6: 3 columns, the header has 4"));
  CHECK(has(text, "line 7: the image of line 2 again"));
  CHECK(text.find("line 5:") < text.find("line 6:"));
}

TEST_CASE("manifest: tables without images, and two columns of one name") {
  CHECK(has(Table("").error(), "a header and at least one image are expected"));
  CHECK(has(Table("image,A\n").error(), "a header and at least one image are expected"));
  CHECK(has(Table("image,A\na\n").error(), "line 2: 1 columns"));
  CHECK(Table("image,A,A\na,1,0\n").error() == "t.csv: line 1: two columns are named \"A\"");
  CHECK(Table("image,A,,\na,1,,\n").read().classes == Names{"A"});
}

TEST_CASE("manifest: a wild cell is shown short and without control characters") {
  const std::string text = Table("image,split,A\na,\"\x1B[31m" + std::string(1000, 'x') + "\",1\n").error();
  CHECK(has(text, "\"?[31mxxx"));
  CHECK(text.size() < 200);
}

TEST_CASE("manifest: patients in two splits are told, not refused") {
  const Manifest m = Table("image,patient,split,A\na,p,train,1\nb,p,test,0\nc,q,val,0\nd,q,val,0\n").read();
  CHECK(m.patients_in_two_splits() == std::set<std::string>{"p"});
}
