#include "apps/training.h"

#include <doctest/doctest.h>

#include <limits>

#include "data/phantom.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("training: validation scores that are no numbers are one clear error, and the last checkpoint stays") {
  const TemporaryFolder folder;
  data::PhantomOptions phantoms;
  phantoms.count = 24;
  phantoms.size = 32;
  phantoms.findings = {data::Finding::pneumonia};
  data::make_phantoms(folder / "data", phantoms);
  TrainConfig config;
  config.manifest.table = folder / "data/labels.csv";
  config.recipe.size = 32;
  config.model = "resnet18";
  config.epochs = 1;
  config.stream.threads = 2;
  int64_t dropped = 0;
  Training training(config, "", load_train_data(config, dropped));
  // Training takes the statistics of its batch: the loss remains a number.
  training.trainer().store().find("layer4.1.bn2.running_var").as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  training.trainer().store().touch();
  RunFolder run(folder / "run", RunStart::create);
  write_text(run.last(), "the checkpoint of the epoch before");
  try {
    training.run(run, false);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    CHECK(std::string(error.what()) == "training diverged in epoch 1, step 1: validation scores are no numbers");
    CHECK(error.hint().find("--max-lr") != std::string::npos);
  }
  CHECK(read_text(run.last()) == "the checkpoint of the epoch before");
  CHECK(!std::filesystem::exists(run.best()));
  CHECK(!std::filesystem::exists(run.state()));
}
