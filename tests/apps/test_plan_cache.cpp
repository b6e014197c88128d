#include "apps/plan_cache.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

TEST_CASE("plan cache: a file by GPU and versions, the run's choices count before the machine's") {
  CHECK(plan_file("", "GPU", "1").empty());
  CHECK(plan_file("c", "NVIDIA H200", "9.0 cuDNN 9.19.0") == "c/plans/NVIDIA-H200-9.0-cuDNN-9.19.0.tsv");
  CHECK(plan_file("c", "../../x", "").parent_path() == "c/plans");
  const TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run.tsv", machine = folder.path() / "deep" / "machine.tsv";
  PlanChoices first;
  PlanCache cache(first, {run, machine});
  cache.save(machine);
  CHECK(!std::filesystem::exists(machine));  // nothing was found
  first.add("a", {"1", 1e-3});
  cache.save(machine);
  std::ofstream(run) << "a\t2\t5\n";
  PlanChoices second;
  PlanCache again(second, {run, machine});
  CHECK(second.find("a")->plan == "2");
  // What another process has written in between is kept.
  second.add("b", {"3", 1e-3});
  first.add("c", {"4", 1e-3});
  cache.save(machine);
  again.save(machine);
  PlanChoices all;
  const PlanCache read(all, {machine});
  CHECK(all.size() == 3);
  CHECK(all.find("c")->plan == "4");
}

TEST_CASE("plan cache: what cannot be written or read costs nothing but time") {
  const TemporaryFolder folder;
  PlanChoices choices;
  PlanCache cache(choices, {folder.path(), folder.path() / "absent"});
  CHECK(choices.size() == 0);
  choices.add("a", {"1", 1});
  std::ofstream(folder.path() / "file") << "x";
  CHECK_NOTHROW(cache.save(folder.path() / "file" / "plans.tsv"));
}
