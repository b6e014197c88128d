// Problem lists: how they are read, and that those of the program can be run.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "bench/kernels/case.h"
#include "tensor/error.h"

using namespace thorax;
using namespace thorax::bench;

TEST_CASE("problems: a line is a kernel and its sizes, comments and empty lines are none") {
  const auto all = parse_problems("# a list\n\nrelu n=2 c=64 h=8 w=8  # small\nlinear in=1024 out=10\n", "list");
  REQUIRE(all.size() == 2);
  CHECK(all[0].kernel == "relu");
  CHECK(all[0]["c"] == 64);
  CHECK(all[0].get("of", 7) == 7);
  CHECK(all[0].text() == "c=64 h=8 n=2 w=8");
  CHECK(all[1]["in"] == 1024);
}

TEST_CASE("problems: mistakes are named with their place") {
  CHECK_THROWS_WITH_AS(parse_problems("relu n=2\nrelu c=x\n", "list"), "list: line 2: \"c=x\"; a size like c=64 is expected",
                       Error);
  CHECK_THROWS_WITH_AS(parse_problems("relu =3\n", "list"), "list: line 1: \"=3\"; a size like c=64 is expected", Error);
  CHECK_THROWS_WITH_AS(parse_problems("relu c=-1\n", "list"), "list: line 1: \"c=-1\"; a size like c=64 is expected", Error);
  CHECK_THROWS_WITH_AS(parse_sizes("n=8,c"), "--shape: \"c\"; sizes like n=8,c=64 are expected", Error);
  CHECK_THROWS_WITH_AS(parse_problems("relu n=2\n", "list")[0]["c"], "relu n=2: the size c is missing", Error);
  CHECK(parse_sizes("n=8,c=64").at("c") == 64);
}

TEST_CASE("problems: the program's lists name kernels that exist, and between them every kernel") {
  std::set<std::string> known, listed;
  for (const Kernel& k : kernels()) known.insert(k.name);
  for (const ProblemList& list : problem_lists())
    for (const Problem& p : parse_problems(list.text, list.name)) listed.insert(p.kernel);
  CHECK(listed == known);
}
