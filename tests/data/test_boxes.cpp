#include <doctest/doctest.h>

#include "data/sets/boxes.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::data;
using namespace thorax::test;

namespace {

struct BoxFile {
  explicit BoxFile(const std::string& text) { write_text(folder / "boxes.csv", text); }
  BoxTable read() const { return read_boxes(folder / "boxes.csv"); }
  std::string error() const {
    return input_error([&] { read(); });
  }
  TemporaryFolder folder;
};

void check_box(const Box& box, const std::string& finding, float x, float y, float width, float height) {
  CHECK(box.finding == finding);
  CHECK(box.x == x);
  CHECK(box.y == y);
  CHECK(box.width == width);
  CHECK(box.height == height);
}

}  // namespace

TEST_CASE("boxes: the columns of NIH, VinDr, RSNA and phantoms") {
  BoxTable boxes = BoxFile(
                       "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
                       "00013118_008.png,Atelectasis,225.08,547.01,86.7,79.1,,,\n00013118_008.png,Infiltrate,1,2,3,4,,,\n")
                       .read();
  REQUIRE(boxes.size() == 1);
  REQUIRE(boxes["00013118_008.png"].size() == 2);
  check_box(boxes["00013118_008.png"][0], "Atelectasis", 225.08F, 547.01F, 86.7F, 79.1F);
  check_box(boxes["00013118_008.png"][1], "Infiltration", 1, 2, 3, 4);

  boxes = BoxFile(
              "image_id,rad_ID,class_name,x_min,y_min,x_max,y_max\na1,R1,No finding,,,,\n"
              "b2,R2, Bronchial thickening ,10,20,30,60\n")
              .read();
  REQUIRE(boxes.size() == 1);
  check_box(boxes["b2"].at(0), "Bronchial thickening", 10, 20, 20, 40);

  boxes = BoxFile("image,class_name,x_min,y_min,x_max,y_max\nimages/000001.png,Pneumonia,1,2,4,8\n").read();
  check_box(boxes["images/000001.png"].at(0), "Pneumonia", 1, 2, 3, 6);

  boxes = BoxFile("patientId,x,y,width,height,Target\np1,,,,,0\np2,264.0,152.0,213.0,379.0,1\n").read();
  REQUIRE(boxes.size() == 1);
  check_box(boxes["p2"].at(0), "Lung Opacity", 264, 152, 213, 379);
}

TEST_CASE("boxes: mistakes with their lines, and a table that is none") {
  const std::string header = "image,class_name,x_min,y_min,x_max,y_max\n";
  std::string text = BoxFile(header + "a.png,A,1,2,3,left\nb.png,A,5,5,5,9\nc.png,A,1,,3,4\nd.png,A,1,2,3,4\n").error();
  CHECK(has(text, "boxes.csv: 4 mistakes"));
  CHECK(has(text, "line 2: \"y_max\" is \"left\"; a number is expected"));
  CHECK(has(text, "line 3: a box without width or height"));
  CHECK(has(text, "line 4: \"y_min\" is \"\"; a number is expected"));
  text = BoxFile("Image Index,Finding Label,Bbox [x,y,w,h],,,\na.png,Mass,1,2,0,4,,,\n").error();
  CHECK(has(text, "line 2: a box without width or height"));
  const BoxFile labels("image,A\na.png,1\n");
  CHECK(has(labels.error(), "boxes.csv: no table of boxes; its columns are image, A"));
  try {
    labels.read();
  } catch (const Error& e) {
    CHECK(has(e.hint(), "x_min, y_min, x_max, y_max are expected, or NIH's Image Index"));
  }
}

TEST_CASE("boxes: an image is the end of a path, with or without its ending") {
  const BoxesByName boxes({{"images/1.png", {{"A", 0, 0, 1, 1}}},
                           {"2", {{"B", 0, 0, 1, 1}}},
                           {"1.2.840.3", {{"C", 0, 0, 1, 1}}},
                           {"other/2", {{"D", 0, 0, 1, 1}}}});
  const auto finding = [&](const char* file) {
    const auto* found = boxes.of(file);
    return found == nullptr ? std::string() : found->at(0).finding;
  };
  CHECK(finding("data/images/1.png") == "A");
  CHECK(finding("images/1.dcm") == "A");
  CHECK(finding("1.png").empty());
  CHECK(finding("x/2.jpg") == "B");
  CHECK(finding("x/other/2.jpg") == "D");
  CHECK(finding("x/12.jpg").empty());
  CHECK(finding("x/1.2.840.3.dcm") == "C");
  CHECK(finding("x/1.2.840.3") == "C");
  CHECK(finding("x/1.2.840.4").empty());
}
