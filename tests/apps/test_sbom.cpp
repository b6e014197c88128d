#include "apps/sbom.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "tensor/error.h"
#include "tensor/json.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

std::string text_of(const Json& object, const char* key) {
  const Json* value = object.find(key);
  REQUIRE(value != nullptr);
  return value->text;
}

// The package that a relationship leads to, from or to it.
const Json& package(const Json& document, const std::string& id) {
  const std::vector<Json>& packages = document.find("packages")->items;
  const auto at = std::find_if(packages.begin(), packages.end(), [&](const Json& p) { return text_of(p, "SPDXID") == id; });
  REQUIRE(at != packages.end());
  return *at;
}

}  // namespace

TEST_CASE("sbom: names the model, its weights and its data by their hashes, and every end of a relationship is there") {
  const TemporaryFolder folder;
  write_text(folder / "one.safetensors", "abc");
  write_text(folder / "two.pth", "");
  const std::vector<SbomSource> sources = {
      {folder / "one.safetensors", "densenet121", "arch = \"x\"\ndata = \"a/b/labels.csv\"\n"},
      {folder / "two.pth", "resnet18", ""}};
  const std::string text = model_sbom("model.thx", "abc", sources);
  CHECK(text == model_sbom("model.thx", "abc", sources));
  const Json document = parse_json(text, "sbom");
  CHECK(text_of(document, "spdxVersion") == "SPDX-2.3");
  CHECK(text_of(*document.find("creationInfo"), "created") == "1970-01-01T00:00:00Z");
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4's example
  CHECK(text_of(document, "documentNamespace").ends_with(abc));
  for (const char* id : {"SPDXRef-model", "SPDXRef-weights-1"})
    CHECK(text_of(package(document, id).find("checksums")->items.at(0), "checksumValue") == abc);
  CHECK(text_of(package(document, "SPDXRef-model"), "description").find("densenet121, resnet18") == 0);
  CHECK(text_of(package(document, "SPDXRef-model"), "description").find("not a medical device") != std::string::npos);
  CHECK(text_of(package(document, "SPDXRef-weights-2"), "name") == "two.pth");
  CHECK(text_of(package(document, "SPDXRef-data-1"), "name") == "labels.csv");
  CHECK(text.find("SPDXRef-data-2") == std::string::npos);
  const std::vector<Json>& relationships = document.find("relationships")->items;
  CHECK(relationships.size() == 6);
  for (const Json& r : relationships) {
    package(document, text_of(r, "relatedSpdxElement"));
    if (text_of(r, "relationshipType") != "DESCRIBES") package(document, text_of(r, "spdxElementId"));
  }
}

TEST_CASE("sbom: its date is the environment's SOURCE_DATE_EPOCH, and a file that is not there is told") {
  ::setenv("SOURCE_DATE_EPOCH", "86400", 1);
  const Json document = parse_json(model_sbom("m.thx", "", {}), "sbom");
  ::unsetenv("SOURCE_DATE_EPOCH");
  CHECK(text_of(*document.find("creationInfo"), "created") == "1970-01-02T00:00:00Z");
  CHECK_THROWS_AS(model_sbom("m.thx", "", {{"no such file", "resnet18", ""}}), Error);
}
