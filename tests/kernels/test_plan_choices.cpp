#include "kernels/plan_choices.h"

#include <doctest/doctest.h>

using namespace thorax;

TEST_CASE("plan choices: what was added is found, written, and read again") {
  PlanChoices choices;
  CHECK(choices.find("forward f16") == nullptr);
  choices.add("forward f16", {"62 2=1", 0.001});
  choices.add("backward", {"7", 0.25});
  choices.add("forward f16", {"67", 0.0005});
  CHECK(choices.text() == "backward\t7\t250000\nforward f16\t67\t500\n");
  PlanChoices again;
  again.add("backward", {"8", 1});
  again.read(choices.text());
  CHECK(again.find("backward")->plan == "8");
  REQUIRE(again.find("forward f16") != nullptr);
  CHECK(again.find("forward f16")->plan == "67");
  CHECK(again.find("forward f16")->seconds == doctest::Approx(0.0005));
}

TEST_CASE("plan choices: lines of another form are left out") {
  PlanChoices choices;
  choices.read(
      "\n\t\t\nforward\nforward\t1\nforward\t\t5\n\t7\t5\nforward\t7\tx\nforward\t7\t-5\nforward\t7\t5 "
      "\nforward\t7\t99999999999999999999\n");
  CHECK(choices.size() == 0);
  choices.read("forward\t7\t5");
  CHECK(choices.size() == 1);
  choices.read(std::string("\0\xff\t\0\t1\n", 7));
  CHECK(choices.size() == 2);
}
