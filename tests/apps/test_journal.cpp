#include <doctest/doctest.h>

#include <cmath>

#include "apps/journal.h"
#include "tests/faulty_calls.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;

namespace {

JournalRecord at_step(int64_t step, const std::string& note = "") {
  return JournalRecord().add("step", static_cast<double>(step)).add("note", note);
}

std::string steps_of(const std::vector<JournalRecord>& records) {
  std::string steps;
  for (const JournalRecord& record : records) steps += str(record.number("step"), record.text("note"), ' ');
  return steps;
}

void check_refused(const TemporaryFolder& folder, const std::string& text, const std::string& reason) {
  write_text(folder / "m", text);
  try {
    read_journal(folder / "m");
    CHECK_MESSAGE(false, text);
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    CHECK_MESSAGE(std::string(error.what()).find(reason) != std::string::npos, error.what());
  }
}

}  // namespace

TEST_CASE("journal: a record is one line of JSON and is read back exactly") {
  const TemporaryFolder folder;
  Journal journal(folder / "m");
  journal.append(JournalRecord()
                     .add("epoch", 1)
                     .add("step", 100000)
                     .add("loss", 0.1)
                     .add("event", "a \"b\"\n")
                     .add("auc", {0.5, std::nan(""), 1.0 / 3})
                     .add("none", std::vector<double>{}));
  journal.sync();
  CHECK(read_text(folder / "m") ==
        "{\"epoch\":1,\"step\":100000,\"loss\":0.1,\"event\":\"a "
        "\\\"b\\\"\\n\",\"auc\":[0.5,null,0.3333333333333333],\"none\":[]}\n");
  const auto records = read_journal(folder / "m");
  REQUIRE(records.size() == 1);
  CHECK(records[0].fields.size() == 6);
  CHECK(records[0].number("loss") == 0.1);
  CHECK(records[0].text("event") == "a \"b\"\n");
  CHECK(std::isnan(records[0].numbers("auc")[1]));
  CHECK(records[0].numbers("auc")[2] == 1.0 / 3);
  CHECK(records[0].numbers("none").empty());
  CHECK_THROWS_AS(records[0].number("event"), Error);
  CHECK_THROWS_AS(records[0].number("missing"), Error);
}

TEST_CASE("journal: an unterminated last line is dropped by the reader and cut off by the next writer") {
  const TemporaryFolder folder;
  for (const std::string tail : {"{\"step\":2", "{\"step\":2,\"note\":\"\"}", "\xff"}) {
    write_text(folder / "m", "{\"step\":1,\"note\":\"\"}\n" + tail);
    CHECK(steps_of(read_journal(folder / "m")) == "1 ");
    Journal(folder / "m").append(at_step(3));
    CHECK(steps_of(read_journal(folder / "m")) == "1 3 ");
  }
  write_text(folder / "m", "{\"st");
  CHECK(read_journal(folder / "m").empty());
  Journal(folder / "m").append(at_step(1));
  CHECK(steps_of(read_journal(folder / "m")) == "1 ");
}

TEST_CASE("journal: a line that is no record is an error with its number") {
  const TemporaryFolder folder;
  check_refused(folder, "{\"a\":1}\n\n{\"a\":1}\n", "line 2");
  check_refused(folder, "{\"a\":1}\n{\"a\":\n", "line 2");
  check_refused(folder, "[1]\n", "line 1");
  check_refused(folder, "{\"a\":1,\"a\":2}\n", "the same key twice");
  check_refused(folder, "{\"a\":true}\n", "neither number");
  check_refused(folder, "{\"a\":[\"x\"]}\n", "neither number");
  check_refused(folder, "{\"a\":[[1]]}\n", "nested too deeply");
  check_refused(folder, "{\"a\":\"" + std::string(1 << 20, 'x') + "\"}\n", "longer than");
}

TEST_CASE("journal: what a resumed training does again counts once") {
  const TemporaryFolder folder;
  {
    Journal journal(folder / "m");
    for (const int64_t step : {10, 20, 30, 40}) journal.append(at_step(step));
  }
  CHECK(steps_of(read_journal(folder / "m")) == "10 20 30 40 ");
  {
    Journal journal(folder / "m", 20);
    CHECK(steps_of(read_journal(folder / "m")) == "10 20 ");
    journal.append(at_step(30, "b"));
  }
  {
    Journal journal(folder / "m", 30);
    for (const int64_t step : {40, 50}) journal.append(at_step(step, "c"));
  }
  CHECK(steps_of(read_journal(folder / "m")) == "10 20 30b 40c 50c ");
  const Journal from_the_start(folder / "m", 0);
  CHECK(read_journal(folder / "m").empty());
}

TEST_CASE("journal: a process that dies at any call, in the middle of a write too, loses no whole record") {
  for (const bool torn : {false, true}) {
    bool died = true;
    for (int at = 1; died; ++at) {
      const TemporaryFolder folder;
      died = dies_at(at, torn, [&] {
        Journal journal(folder / "m");
        for (const int64_t step : {1, 2, 3}) journal.append(at_step(step));
        journal.sync();
      });
      Journal(folder / "m").append(at_step(9));
      const std::string steps = steps_of(read_journal(folder / "m"));
      const std::string all = "1 2 3 ";
      CAPTURE(at);
      CHECK(steps.ends_with("9 "));
      CHECK(all.starts_with(steps.substr(0, steps.size() - 2)));
      if (!died) CHECK(steps == "1 2 3 9 ");
    }
  }
}
