#include "apps/training.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "data/phantom.h"
#include "tests/ranks.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

TrainConfig small_training(const std::filesystem::path& folder) {
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
  return config;
}

}  // namespace

TEST_CASE("training: validation scores that are no numbers are one clear error, and the last checkpoint stays") {
  const TemporaryFolder folder;
  const TrainConfig config = small_training(folder.path());
  int64_t dropped = 0;
  Training training(config, "", load_train_data(config, dropped));
  // Training takes the statistics of its batch: the loss remains a number.
  training.trainer().store().find("layer4.1.bn2.running_var").as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  training.trainer().store().touch();
  RunFolder run(folder / "run", RunStart::create);
  write_text(run.last(), "the checkpoint of the epoch before");
  try {
    training.run(&run, false);
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

#ifndef THORAX_WITHOUT_GLOO
TEST_CASE("training: a rank with other options is refused by all, before anything is trained") {
  const TemporaryFolder folder;
  const TrainConfig common = small_training(folder.path());
  std::array<std::string, 2> said;
  with_ranks(2, [&](parallel::Group& group) {
    const int rank = group.world().rank;
    TrainConfig config = common;
    config.communicator = &group.communicator();
    if (rank == 1) config.seed = 2;
    int64_t dropped = 0;
    Training training(config, "", load_train_data(config, dropped));
    try {
      training.run(nullptr, false);
    } catch (const Error& error) {
      said.at(static_cast<size_t>(rank)) = error.what();
    }
    group.leave();
  });
  for (const std::string& text : said) CHECK(text == "rank 1 was started with other data or options than rank 0");
}
#endif
