// thorax bench compare: what is beside what.
#include <doctest/doctest.h>

#include "apps/bench.h"
#include "tensor/error.h"

using namespace thorax;

namespace {

std::string result(const std::string& name, const std::string& engine, double median) {
  return str("{\"name\":\"", name, "\",\"engine\":\"", engine, "\",\"median_s\":", median, ",\"low_s\":", median * 0.9,
             ",\"high_s\":", median * 1.1, "}");
}
std::string file(const std::string& results) {
  return "{\"results\":[" + results + "]}";
}

}  // namespace

TEST_CASE("bench compare: measurements of one name, with their ratio and a mark where they do not differ") {
  const std::string a =
      file(result("conv", "thorax", 0.002) + "," + result("pool", "thorax", 0.001) + "," + result("old", "thorax", 1));
  const std::string b = file(result("pool", "thorax", 0.00101) + "," + result("conv", "thorax", 0.001));
  CHECK(comparison_table(a, "a.json", b, "b.json") ==
        "        A ms         B ms       B/A   A: a.json, B: b.json; ~: their quartiles overlap\n"
        "       2.000        1.000     0.500   conv: thorax\n"
        "       1.000        1.010     1.010~  pool: thorax\n"
        "                              0.711   geometric mean of 2\n");
}

TEST_CASE("bench compare: engines stand beside each other only where none is in both files") {
  const std::string ours = file(result("step", "thorax", 0.1)), theirs = file(result("step", "PyTorch", 0.3));
  CHECK(comparison_table(ours, "a", theirs, "b").find("3.000   step: thorax | PyTorch\n") != std::string::npos);
  const std::string both = file(result("step", "thorax", 0.1) + "," + result("step", "naive", 0.2));
  const std::string table = comparison_table(both, "a", both, "b");
  CHECK(table.find('|') == std::string::npos);
  CHECK(table.find("geometric mean of 2") != std::string::npos);
}

TEST_CASE("bench compare: files that cannot be compared") {
  const std::string good = file(result("step", "thorax", 0.1));
  CHECK_THROWS_WITH_AS(comparison_table(good, "a", file(result("other", "thorax", 1)), "b"),
                       "a and b have no measurement in common", Error);
  CHECK_THROWS_WITH_AS(comparison_table(good, "a", "{}", "b"), "b: no list \"results\"", Error);
  CHECK_THROWS_WITH_AS(comparison_table(good, "a", file("{\"median_s\":1}"), "b"), "b: a result without a string \"name\"",
                       Error);
  CHECK_THROWS_WITH_AS(comparison_table(good, "a", file(result("step", "thorax", 0)), "b"),
                       "b: a result without a positive number \"median_s\"", Error);
}
