#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "apps/run_folder.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;
namespace fs = std::filesystem;

TEST_CASE("run folder: a new one is made, with those above it") {
  const TemporaryFolder folder;
  const RunFolder run(folder / "a/run", RunStart::create);
  CHECK(fs::is_directory(folder / "a/run"));
  CHECK(run.state() == folder / "a/run/state.safetensors");
  CHECK_NOTHROW(RunFolder(folder / "b", RunStart::overwrite));
}

TEST_CASE("run folder: a run is neither mixed with another nor overwritten unasked") {
  const TemporaryFolder folder;
  write_text(folder / "notes.txt", "mine");
  CHECK_NOTHROW(RunFolder(folder.path(), RunStart::create));
  CHECK_THROWS_AS(RunFolder(folder.path(), RunStart::resume), Error);
  CHECK_THROWS_AS(open_run(folder.path()), Error);
  write_text(folder / "config.toml", "");
  try {
    RunFolder(folder.path(), RunStart::create);
    FAIL("it was not refused");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    CHECK(std::string(error.what()) == folder.path().string() + ": holds a run already");
    CHECK(error.hint().find("--resume") != std::string::npos);
  }
  CHECK_NOTHROW(RunFolder(folder.path(), RunStart::resume));
  CHECK(open_run(folder.path()).config() == folder / "config.toml");
}

TEST_CASE("run folder: overwriting removes the run and nothing else") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "events");
  for (const char* name :
       {"config.toml", "best.safetensors", "last.safetensors", "state.safetensors", "state.previous.safetensors", "metrics.jsonl",
        "split.csv", "events/events.out.tfevents.1.thorax", "events/mine", "labels.csv"}) {
    write_text(folder / name, "x");
  }
  const RunFolder run(folder.path(), RunStart::overwrite);
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) left.push_back(entry.path().filename());
  std::sort(left.begin(), left.end());
  CHECK(left == std::vector<std::string>{".lock", "events", "labels.csv", "mine"});
}

TEST_CASE("run folder: what a killed process left behind is removed, under the lock only") {
  const TemporaryFolder folder;
  write_text(folder / "config.toml", "");
  AtomicFile pending(folder / "state.safetensors");
  {
    const DirectoryLock other(folder.path());
    CHECK_THROWS_AS(RunFolder(folder.path(), RunStart::resume), Error);
    CHECK_THROWS_AS(RunFolder(folder.path(), RunStart::overwrite), Error);
    CHECK(fs::exists(folder / "config.toml"));
    CHECK(fs::exists(pending.temporary()));
  }
  const RunFolder run(folder.path(), RunStart::resume);
  CHECK_FALSE(fs::exists(pending.temporary()));
}

TEST_CASE("run folder: a file or nothing in its place is refused") {
  const TemporaryFolder folder;
  write_text(folder / "f", "");
  for (const auto start : {RunStart::create, RunStart::resume, RunStart::overwrite}) {
    CHECK_THROWS_AS(RunFolder(folder / "f", start), Error);
    CHECK_THROWS_AS(RunFolder("", start), Error);
  }
  CHECK_THROWS_AS(RunFolder(folder / "missing", RunStart::resume), Error);
  CHECK_FALSE(fs::exists(folder / "missing"));
}
