// What the verbs make of a data set.
#include <doctest/doctest.h>

#include <algorithm>

#include "apps/data_flags.h"
#include "apps/inspect_data_set.h"
#include "apps/train_data.h"
#include "apps/verbs.h"
#include "data/phantom.h"
#include "data/split.h"
#include "tensor/json.h"
#include "tests/data/errors.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

// Phantoms with splits of our own making: train and test, no val.
struct Set {
  Set() {
    data::PhantomOptions options;
    options.count = 40;
    options.size = 32;
    options.findings = {data::other_opacity, data::bronchitis, data::pneumonia};
    data::make_phantoms(folder.path(), options);
    table = folder / "labels.csv";
  }
  data::Manifest read() const {
    data::ManifestOptions options;
    options.table = table;
    return data::read_manifest(options);
  }
  Flags flags(Flags made, const std::vector<std::string>& arguments) const {
    made.parse(arguments);
    return made;
  }
  TemporaryFolder folder;
  std::filesystem::path table;
};

}  // namespace

TEST_CASE("data sets: inspect --json says what is there") {
  const Set set;
  std::filesystem::copy_file(set.folder / "images/000001.png", set.folder / "images/000003.png",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(set.folder / "images/000005.png");
  const Flags flags = set.flags(inspect_flags(), {"--json", "--quiet", "x"});
  CHECK(is_data_set(set.table));
  CHECK(is_data_set(set.folder.path()));
  CHECK(!is_data_set(set.folder / "best.safetensors"));
  const DataSetDescription d = describe_data_set(set.table, flags);
  CHECK(d.unreadable == 1);
  CHECK(std::count(d.text.begin(), d.text.end(), '\n') == 1);
  const Json json = parse_json(d.text, "inspect");
  CHECK(json.find("set")->text == "table");
  CHECK(json.find("classes")->items.size() == 4);
  const Json* all = json.find("cohorts")->find("all");
  REQUIRE(all != nullptr);
  CHECK(all->find("images")->integer() == 40);
  CHECK(all->find("labels")->items.size() == 4);
  CHECK(json.find("together")->items.size() == 4);
  REQUIRE(json.find("duplicates")->items.size() == 1);
  CHECK(json.find("duplicates")->items[0].items[0].text == "images/000001.png");
  REQUIRE(json.find("unreadable")->items.size() == 1);
  CHECK(json.find("unreadable")->items[0].find("line")->integer() == 7);
  CHECK(json.find("sizes")->items[0].find("width")->integer() == 32);
  const Flags quick = set.flags(inspect_flags(), {"--table-only", "x"});
  const DataSetDescription text = describe_data_set(set.table, quick);
  CHECK(text.unreadable == 0);
  CHECK(!has(text.text, "unreadable"));
  CHECK(has(text.text, "No finding"));
  for (size_t at = 0; at < text.text.size();) {
    const size_t end = text.text.find('\n', at);
    if (at > 0) CHECK(end - at <= 80);  // the first line holds a path
    at = end + 1;
  }
}

TEST_CASE("data sets: split, and train with what it wrote") {
  const Set set;
  const std::string out = set.folder / "split.csv";
  Flags flags = set.flags(split_flags(), {"--data", set.table.string(), "-o", out, "--fractions", "0.5,0.25,0.25", "--json"});
  CHECK(run_split(flags) == 0);
  CHECK(has(input_error([&] { run_split(flags); }), "exists already"));
  TrainConfig config;
  config.manifest.table = set.table;
  config.manifest.split_file = out;
  config.stream.threads = 1;
  int64_t dropped = 0;
  const TrainData d = load_train_data(config, dropped);
  CHECK(!d.split_here);
  CHECK(d.train.size() + d.val.size() + d.test.size() == 40);
  CHECK(d.train.size() > 15);
  CHECK(d.train.size() < 25);
  CHECK(d.manifest.patients_in_two_splits().empty());
  for (const char* wrong : {"1,2", "50,50,50", "a,b,c", "-10,60,50", "0,0,0"}) {
    Flags bad = set.flags(split_flags(), {"--data", set.table.string(), str("--fractions=", wrong)});
    CHECK(has(input_error([&] { run_split(bad); }), "three numbers"));
  }
}

TEST_CASE("data sets: where val is missing, training takes it from train, and leaves test alone") {
  const Set set;
  data::Manifest m = set.read();
  std::string text = "image,patient,split\n";
  for (size_t i = 0; i < m.rows.size(); ++i) {
    const bool test = i >= 30 && m.rows[i].patient != m.rows[29].patient;
    text += m.rows[i].image + ',' + m.rows[i].patient + (test ? ",test\n" : ",train\n");
  }
  write_text(set.folder / "official.csv", text);
  TrainConfig config;
  config.manifest.table = set.table;
  config.manifest.split_file = set.folder / "official.csv";
  config.stream.threads = 1;
  int64_t dropped = 0;
  const TrainData d = load_train_data(config, dropped);
  CHECK(d.split_here);
  CHECK(d.val_here);
  CHECK(!d.val.empty());
  CHECK(d.val.size() < d.train.size());
  config.manifest.split_file.clear();
  data::apply_split_csv(m, set.folder / "official.csv");
  CHECK(d.test == m.of(data::Split::test));
  CHECK(d.manifest.patients_in_two_splits() == m.patients_in_two_splits());
}

TEST_CASE("data sets: the flags about a table reach the manifest") {
  Flags flags = train_flags();
  flags.parse({"--uncertain", "smoothed", "--empty", "zeros", "--readers", "any", "--frontal", "--labels", "A,B"});
  const data::ManifestOptions o = manifest_options(flags, "t.csv");
  CHECK(o.uncertain == data::Uncertain::smoothed);
  CHECK(o.empty == data::Empty::zeros);
  CHECK(o.readers == data::Readers::any);
  CHECK(o.frontal);
  CHECK(o.labels == std::vector<std::string>{"A", "B"});
  flags.set("uncertain", "maybe");
  CHECK(has(input_error([&] { manifest_options(flags, "t.csv"); }), "--uncertain"));
}
